### Common errors and what all areas share

error-not-found = Not found
error-unauthenticated = You are not signed in
error-forbidden = You are not allowed to do this
error-invalid = Some input is not right
error-bad-request = The request is not valid
error-rate-limited = Too many attempts, please wait a moment
error-unavailable = The system is busy or a part of it is paused
error-internal = Something went wrong inside the system
error-what-400 = The server could not read this request.
error-what-401 = Your session has not begun or has ended.
error-what-403 = Your account does not have this right, or the form is old. Reload the page and try again.
error-what-404 = This page or record does not exist, was removed, or belongs to an agency outside your scope.
error-what-409 = The record has changed or is in a state that does not allow this.
error-what-422 = Some fields are not right, see below.
error-what-429 = The system has paused requests from you to protect itself.
error-what-500 = The error is on record. Give the number below to your administrator.
error-what-503 = Please try again in a few minutes.
error-kept = Everything saved before is intact; the last change was not made.
error-next = Back to the duty page
error-operation = Operation
field-required = Must not be empty
field-too-long = Too long
field-invalid = Not in the right form
field-taken = Already in use
