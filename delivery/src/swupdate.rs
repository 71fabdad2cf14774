//! Pushing to devices that run SWUpdate with its web server.

mod builder;

use async_trait::async_trait;
use http::{HeaderMap, Method, header};
use steadfast_pool::{Multipart, Part};

use crate::artifact::Artifact;
use crate::device::{Device, Path, endpoint};
use crate::failure::{Failure, FailureClass, Stage};
use crate::http::{HttpPush, Order};
use crate::push::{Push, PushContext, PushError, Pushed, Verified};

pub use builder::SwupdatePushBuilder;

/// Delivers to devices that run [SWUpdate](https://sbabic.github.io/swupdate/) with its web server: the form of
/// `POST <address>/upload` with the `.swu` file, and then, where asked for, `POST <address>/restart`.
///
/// A device answers 200 as soon as it has everything and installs while it receives; 500 means that it does not take the
/// update, because another one is under way, say, and is tried again as every 5xx. Progress and result of the
/// installation are told by the device over a websocket, which is not read here: what counts is the version that the
/// device reports in the end, at a path that it serves for it. Without one, see
/// [`HttpPushBuilder::without_verify`](crate::HttpPushBuilder::without_verify): a device that took the file has succeeded.
///
/// Requests go through an [`HttpPush`], with its pool, TLS, credentials, retries, limits and breakers. The web server's
/// own passwords are those of Digest authentication, which is not spoken here.
#[derive(Clone, Debug)]
pub struct SwupdatePush {
    http: HttpPush,
    upload: Path,
    restart: Option<Path>,
    file_name: String,
}

impl SwupdatePush {
    /// Starts to put a push together.
    pub fn builder() -> SwupdatePushBuilder {
        SwupdatePushBuilder::default()
    }

    /// The push that sends the requests.
    #[must_use]
    pub fn http(&self) -> &HttpPush {
        &self.http
    }

    async fn upload(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> Result<Pushed, PushError> {
        let form = Multipart::new().part(Part::new("file", artifact.body(context)).file_name(self.file_name.clone()));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, form.content_type());
        let url = endpoint(device.address(), &self.upload);
        let order = Order::new(Stage::Pushing, Method::POST, url).content(form.into_body(), headers).asks(true);
        let (response, call) = self.http.send(context, device, order).await?;
        let pushed = Pushed::new(call.attempts(response.attempts()));
        let Some(restart) = &self.restart else { return Ok(pushed) };
        // Once: it is not to restart twice.
        let order = Order::new(Stage::Pushing, Method::POST, endpoint(device.address(), restart)).once(true);
        match self.http.send(context, device, order).await {
            Ok(_) => Ok(pushed),
            // It may be restarting before it has answered.
            Err(PushError::Failed(failure)) if failure.status.is_none() => Ok(pushed),
            Err(PushError::Failed(mut failure)) => {
                failure.attempts.splice(0..0, pushed.attempts);
                Err(PushError::Failed(failure))
            }
            Err(deferred) => Err(deferred),
        }
    }
}

#[async_trait]
impl Push for SwupdatePush {
    async fn push(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> Result<Pushed, PushError> {
        let changed = |what| Failure::new(Stage::Pushing, FailureClass::ArtifactChanged, what);
        if let Some(what) = artifact.changed() {
            return Err(changed(what).into());
        }
        match (self.upload(context, device, artifact).await, artifact.changed()) {
            (Err(PushError::Failed(failure)), Some(what)) => Err(changed(what).attempts(failure.attempts).into()),
            (pushed, _) => pushed,
        }
    }

    async fn verify(&self, context: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError> {
        self.http.verify(context, device, expected).await
    }

    async fn installed(&self, context: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        self.http.installed(context, device).await
    }
}
