//! Where a request goes, as it may be told.

use std::fmt;
use std::sync::Arc;

use http::Method;
use url::Url;

use crate::redact::redacted;

/// Method and URL, shown without credentials and query; the text is made when it is needed.
#[derive(Clone)]
pub(crate) struct Place {
    method: Method,
    url: Arc<Url>,
}

impl Place {
    pub(crate) fn new(method: Method, url: Arc<Url>) -> Self {
        Self { method, url }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, redacted(&self.url))
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}
