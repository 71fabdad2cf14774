//! Requests of the `http` crate as the pool's own.

use http::request::Parts;

use crate::body::Body;
use crate::error::Error;
use crate::request::Request;

/// A request with the method, URL, headers and wishes of `parts`.
pub(super) fn of(parts: Parts, body: Body) -> Result<Request, Error> {
    let request = Request::new(parts.method, &parts.uri.to_string())?;
    Ok(request.adopting(parts.headers, &parts.extensions).body(body))
}
