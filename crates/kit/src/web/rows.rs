//! Rows on their way out of the house. Many of them, as a file or by the API, are counted (`organisation::elevations`): a
//! file is no answer before that, and a list of the API that nobody has counted is not given.

use crate::error::Error;
use crate::web::answer::Fail;
use axum::response::{IntoResponse, Response};

/// An answer whose rows were counted, or that holds none of any agency.
#[derive(Debug)]
pub struct Released<A>(pub A);

/// Left in an answer that was released.
#[derive(Clone, Copy)]
struct Seal;

impl<A: IntoResponse> IntoResponse for Released<A> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(Seal);
        response
    }
}

/// Whether an operation gives a list by the API.
pub(super) fn is_list(method: &str, path: &str) -> bool {
    method == "GET" && path.starts_with("/api/v1/") && !path.contains('{')
}

/// The answer of such an operation, unless nobody has released it.
pub(super) fn checked(response: Response) -> Response {
    if !response.status().is_success() || response.extensions().get::<Seal>().is_some() {
        return response;
    }
    Fail::plain(Error::internal("a list of the API was answered and its rows were not counted")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[test]
    fn a_list_of_the_api_that_nobody_counted_is_not_given() {
        for (method, path, expected) in [
            ("GET", "/api/v1/alerts", true),
            ("GET", "/api/v1/alerts/{id}", false),
            ("POST", "/api/v1/alerts/act", false),
            ("GET", "/alerts", false),
        ] {
            assert_eq!(is_list(method, path), expected, "{method} {path}");
        }
        assert_eq!(checked("[1, 2]".into_response()).status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(checked(Released("[1, 2]").into_response()).status(), StatusCode::OK);
        assert_eq!(checked(StatusCode::NOT_FOUND.into_response()).status(), StatusCode::NOT_FOUND);
    }
}
