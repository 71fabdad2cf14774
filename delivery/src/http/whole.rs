//! The whole artifact in one request, coded where the device takes that.

use http::{HeaderMap, HeaderValue, Method, header};

use super::exchange::{Order, text};
use super::{CONTENT_DIGEST, DEVICE_NAME, HttpPush, IDEMPOTENCY_KEY, REPR_DIGEST, UPDATE_VERSION};
use crate::artifact::Artifact;
use crate::attempt::Attempt;
use crate::device::{Device, endpoint};
use crate::failure::{Failure, FailureClass, Stage};
use crate::push::{PushContext, PushError, Pushed};

/// A device that does not know the question whether it takes the body (RFC 9110, section 15.5.18).
const EXPECTATION_FAILED: u16 = 417;

impl HttpPush {
    /// The whole artifact in one POST.
    pub(super) async fn push_whole(
        &self,
        context: &PushContext,
        device: &Device,
        artifact: &Artifact,
    ) -> Result<Pushed, PushError> {
        let changed = |what| Failure::new(Stage::Pushing, FailureClass::ArtifactChanged, what);
        if let Some(what) = artifact.changed() {
            return Err(changed(what).into());
        }
        let (content, coding) = self.coded(context, device, artifact).await;
        let mut before: Vec<Attempt> = Vec::new();
        let mut asks = self.expect_continue.is_some();
        loop {
            let url = endpoint(device.address(), &self.update_path);
            let mut headers = self.push_headers(context, device, artifact);
            if let Some(coding) = &coding {
                headers.insert(header::CONTENT_ENCODING, coding.clone());
                headers.insert(CONTENT_DIGEST, content.digest_header());
            }
            let verified = self.verify.is_some() && context.version.is_some();
            let order = Order::new(Stage::Pushing, Method::POST, url).content(content.body(context), headers);
            let order = order.asks(asks).followed(verified);
            match self.send(context, device, order).await {
                Ok((response, call)) => {
                    before.extend(call.attempts(response.attempts()));
                    return Ok(Pushed::new(before));
                }
                Err(PushError::Failed(failure)) if asks && failure.status == Some(EXPECTATION_FAILED) => {
                    before.extend(failure.attempts);
                    asks = false;
                }
                Err(PushError::Failed(failure)) => {
                    before.extend(failure.attempts.iter().cloned());
                    return Err(match artifact.changed() {
                        // However the connection saw it: the body ended because there was nothing right to send.
                        Some(what) => changed(what).attempts(before).into(),
                        None => (*failure).attempts(before).into(),
                    });
                }
                Err(deferred) => return Err(deferred),
            }
        }
    }

    /// What is sent in the place of the artifact, and its coding; the artifact itself where there is none.
    async fn coded(
        &self,
        context: &PushContext,
        device: &Device,
        artifact: &Artifact,
    ) -> (Artifact, Option<HeaderValue>) {
        #[cfg(feature = "zstd")]
        if self.zstd.is_wanted(self, context, device).await {
            if let Some(compressed) = artifact.zstd().await {
                return (compressed, Some(HeaderValue::from_static("zstd")));
            }
        }
        #[cfg(not(feature = "zstd"))]
        let _ = (context, device);
        (artifact.clone(), None)
    }

    pub(super) fn push_headers(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(DEVICE_NAME, text(device.name.as_deref().unwrap_or(device.id())));
        if let Some(version) = &context.version {
            headers.insert(UPDATE_VERSION, text(version));
        }
        headers.insert(IDEMPOTENCY_KEY, text(&format!("\"{}\"", context.idempotency_key)));
        headers.insert(REPR_DIGEST, artifact.digest_header());
        headers.insert(CONTENT_DIGEST, artifact.digest_header());
        if !self.headers.contains_key(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        }
        headers
    }
}
