//! Sessions of a Redfish service: a token in exchange for user and password (DSP0266, "Redfish session login
//! authentication").

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use steadfast_pool::Body;
use url::Url;

use super::Visit;
use crate::device::{Path, endpoint, told_url};
use crate::failure::{Failure, FailureClass, Stage};
use crate::http::Order;
use crate::push::PushError;

/// The header that a session's token travels in.
pub(super) const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// Who opens sessions.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
    pub(super) path: Path,
}

/// A session that is open.
pub(super) struct Session {
    pub(super) token: HeaderValue,
    /// Where it is closed.
    pub(super) url: Option<Url>,
}

impl Login {
    /// Opens a session; with `once`, in one attempt.
    pub(super) async fn open(&self, visit: &Visit<'_>, stage: Stage, once: bool) -> Result<Session, PushError> {
        let url = endpoint(visit.device.address(), &self.path);
        let body = serde_json::json!({ "UserName": self.user, "Password": self.password.expose_secret() }).to_string();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let order = Order::new(stage, Method::POST, url.clone()).content(Body::from(body), headers).secret().once(once);
        let (response, call) = visit.ask(order).await?;
        let Some(mut token) = response.headers().get(X_AUTH_TOKEN).cloned() else {
            let what = format!("{}: no X-Auth-Token in the answer", call.place());
            let attempts = call.attempts(response.attempts());
            return Err(Failure::new(stage, FailureClass::Rejected, what).attempts(attempts).into());
        };
        token.set_sensitive(true);
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        Ok(Session { token, url: location.and_then(|location| told_url(visit.device, &url, location)) })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("path", &self.path).finish_non_exhaustive()
    }
}
