### response
