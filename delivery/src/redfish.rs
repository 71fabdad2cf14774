//! Pushing to management controllers by DMTF Redfish: a multipart push, and a task that installs it.

mod builder;
mod message;
mod session;
mod task;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Deserialize;
use steadfast_pool::{Multipart, Part, Response};

use crate::artifact::Artifact;
use crate::attempt::Attempt;
use crate::device::{Device, Path, endpoint, told_url};
use crate::failure::{Failure, FailureClass, Stage};
use crate::http::{Call, HttpPush, Order};
use crate::push::{Deferral, DeferralReason, Push, PushContext, PushError, Pushed, Verified};
use message::explained;
use session::{Login, Session};
use task::{Ended, Monitor};

pub use builder::{ApplyTime, RedfishPushBuilder};

/// Delivers to management controllers that speak DMTF Redfish
/// ([DSP0266](https://www.dmtf.org/dsp/DSP0266), "Multipart HTTP push updates").
///
/// `GET /redfish/v1/UpdateService` tells where updates are pushed to; they are, as a form of `UpdateParameters` and
/// `UpdateFile`. A service that answers 202 installs in a task of its own. As long as that runs, the push is
/// [put off](DeferralReason::NotYet), so that nobody holds a worker, and asked for again through the
/// [`resume_token`](PushContext::resume_token): it names the task, and an artifact that is being installed is not sent
/// again, not even by another process. A controller that is away meanwhile is restarting.
///
/// The verification compares `Version` of a member of the `FirmwareInventory`. What the device says about an error is
/// told by its `MessageId` and the first words of its message. URLs that a controller tells are followed on the
/// controller itself, and nowhere else.
///
/// Requests go through an [`HttpPush`], with its pool, TLS, credentials, retries, limits and breakers.
#[derive(Clone)]
pub struct RedfishPush {
    http: HttpPush,
    login: Option<Arc<Login>>,
    service: Path,
    /// The JSON of `UpdateParameters`.
    parameters: Bytes,
    file_name: String,
    every: Duration,
    within: Duration,
}

/// What we read of the update service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateService {
    #[serde(default)]
    multipart_http_push_uri: Option<String>,
    #[serde(default)]
    service_enabled: Option<bool>,
    #[serde(default)]
    max_image_size_bytes: Option<u64>,
}

impl RedfishPush {
    /// Starts to put a push together.
    pub fn builder() -> RedfishPushBuilder {
        RedfishPushBuilder::default()
    }

    /// The push that sends the requests.
    #[must_use]
    pub fn http(&self) -> &HttpPush {
        &self.http
    }

    /// Sends the artifact.
    async fn deliver(&self, visit: &Visit<'_>, artifact: &Artifact) -> Result<Pushed, PushError> {
        let context = visit.context;
        context.forget();
        let target = self.target(visit, artifact).await?;
        let form = Multipart::new()
            .part(
                Part::new("UpdateParameters", self.parameters.clone())
                    .content_type(HeaderValue::from_static("application/json")),
            )
            .part(Part::new("UpdateFile", artifact.body(context)).file_name(self.file_name.clone()));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, form.content_type());
        let order =
            Order::new(Stage::Pushing, Method::POST, target.clone()).content(form.into_body(), headers).asks(true);
        let (response, call) = visit.ask(order).await?;
        let attempts = call.attempts(response.attempts());
        if response.status().as_u16() != 202 {
            return Ok(Pushed::new(attempts));
        }
        let Some(told) = task::told(&response) else { return Ok(Pushed::new(attempts)) };
        let Some(url) = told_url(visit.device, &target, &told) else {
            let what = format!("{}: its task is at another host, where nothing is asked", call.place());
            return Err(Failure::new(Stage::Pushing, FailureClass::Rejected, what).attempts(attempts).into());
        };
        let monitor = Monitor { url, since: self.http.pool().wall() };
        context.remember(monitor.write(artifact));
        Err(self.later(response.retry_after(), attempts))
    }

    /// Where the artifact is pushed to.
    async fn target(&self, visit: &Visit<'_>, artifact: &Artifact) -> Result<url::Url, PushError> {
        let url = endpoint(visit.device.address(), &self.service);
        let (response, call) = visit.ask(Order::new(Stage::Pushing, Method::GET, url.clone())).await?;
        let refuse = |what: &str| {
            let attempts = call.attempts(response.attempts());
            let what = format!("{}: {what}", call.place());
            Failure::new(Stage::Pushing, FailureClass::Rejected, what).attempts(attempts)
        };
        let service: UpdateService =
            serde_json::from_slice(response.body()).map_err(|_| refuse("the answer is no update service"))?;
        if service.service_enabled == Some(false) {
            return Err(refuse("the update service is switched off").into());
        }
        if let Some(most) = service.max_image_size_bytes.filter(|most| *most > 0 && *most < artifact.len()) {
            return Err(refuse(&format!("it takes at most {most} bytes")).into());
        }
        let told = service.multipart_http_push_uri.ok_or_else(|| refuse("it takes no multipart push"))?;
        let url = told_url(visit.device, &url, &told);
        Ok(url.ok_or_else(|| refuse("it takes updates at another host, where nothing is sent"))?)
    }

    /// What became of an artifact that was sent.
    async fn ask_for(&self, visit: &Visit<'_>, monitor: &Monitor) -> Result<Pushed, PushError> {
        let order = monitor.order();
        let call = order.call();
        match visit.exchange(&call, order).await {
            Ok(response) => {
                let ended = task::read(&call, &response, visit.context.version.is_some());
                self.became(visit.context, monitor, ended, call.attempts(response.attempts()))
            }
            Err(error) => self.is_away(visit.context, monitor, error),
        }
    }

    /// The controller cannot be asked: it may be restarting into what it was sent.
    fn is_away(&self, context: &PushContext, monitor: &Monitor, error: PushError) -> Result<Pushed, PushError> {
        match error {
            PushError::Failed(failure) if task::may_pass(failure.class) => {
                self.became(context, monitor, Ended::NotYet(None), failure.attempts)
            }
            error => Err(error),
        }
    }

    /// What follows from what became of the task.
    fn became(
        &self,
        context: &PushContext,
        monitor: &Monitor,
        ended: Ended,
        attempts: Vec<Attempt>,
    ) -> Result<Pushed, PushError> {
        let late = self.http.pool().wall().since(monitor.since) >= self.within;
        match ended {
            Ended::NotYet(after) if !late => return Err(self.later(after, Vec::new())),
            _ => context.forget(),
        }
        match ended {
            Ended::Done => Ok(Pushed::new(attempts)),
            Ended::Failed(failure) => Err(failure.attempts(attempts).into()),
            Ended::NotYet(_) => {
                let place = monitor.order().call();
                let within = self.within.as_secs_f64();
                let what = format!("{}: the task has not ended within {within:.0} s", place.place());
                Err(Failure::new(Stage::Pushing, FailureClass::TimedOut, what).attempts(attempts).into())
            }
        }
    }

    /// The device installs: come back.
    fn later(&self, after: Option<Duration>, attempts: Vec<Attempt>) -> PushError {
        let after = after.filter(|after| !after.is_zero()).unwrap_or(self.every);
        Deferral::new(after, attempts).because(DeferralReason::NotYet).into()
    }

    /// Begins to talk to a device; with `once`, in one attempt.
    async fn enter<'v>(
        &'v self,
        stage: Stage,
        context: &'v PushContext,
        device: &'v Device,
        once: bool,
    ) -> Result<Visit<'v>, PushError> {
        let mut visit = Visit { http: &self.http, context, device, session: None };
        if let Some(login) = &self.login {
            visit.session = Some(login.open(&visit, stage, once).await?);
        }
        Ok(visit)
    }
}

/// The requests of one call to one device.
struct Visit<'v> {
    http: &'v HttpPush,
    context: &'v PushContext,
    device: &'v Device,
    session: Option<Session>,
}

impl Visit<'_> {
    /// Sends a request; an answer of 2xx is what it was sent for.
    async fn ask(&self, order: Order) -> Result<(Response, Call), PushError> {
        let call = order.call();
        let response = self.exchange(&call, order).await?;
        call.judge(&response).map_err(|error| explained(error, response.body()))?;
        Ok((response, call))
    }

    /// Sends a request; any answer will do.
    async fn exchange(&self, call: &Call, mut order: Order) -> Result<Response, PushError> {
        if let Some(session) = &self.session {
            order.headers.insert(session::X_AUTH_TOKEN, session.token.clone());
        }
        self.http.exchange(call, self.context, self.device, order).await.map_err(|unanswered| unanswered.why)
    }

    /// Says good-bye. Whether the session is closed matters to the device alone.
    async fn leave(self) {
        if let Some(url) = self.session.as_ref().and_then(|session| session.url.clone()) {
            let order = Order::new(Stage::Pushing, Method::DELETE, url).once(true);
            let call = order.call();
            let _ = self.exchange(&call, order).await;
        }
    }

    /// The push with the credentials of this visit, for what it can do itself.
    fn http(&self) -> HttpPush {
        match &self.session {
            Some(session) => self.http.with_header(session::X_AUTH_TOKEN, session.token.clone()),
            None => self.http.clone(),
        }
    }
}

#[async_trait]
impl Push for RedfishPush {
    async fn push(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> Result<Pushed, PushError> {
        let changed = |what| Failure::new(Stage::Pushing, FailureClass::ArtifactChanged, what);
        if let Some(what) = artifact.changed() {
            return Err(changed(what).into());
        }
        let monitor = context.resume_token().and_then(|token| Monitor::read(&token, artifact, device));
        let visit = match (self.enter(Stage::Pushing, context, device, monitor.is_some()).await, &monitor) {
            (Ok(visit), _) => visit,
            (Err(error), Some(monitor)) => return self.is_away(context, monitor, error),
            (Err(error), None) => return Err(error),
        };
        let pushed = match &monitor {
            Some(monitor) => self.ask_for(&visit, monitor).await,
            None => self.deliver(&visit, artifact).await,
        };
        visit.leave().await;
        match (pushed, artifact.changed()) {
            (Err(PushError::Failed(failure)), Some(what)) => Err(changed(what).attempts(failure.attempts).into()),
            (pushed, _) => pushed,
        }
    }

    async fn verify(&self, context: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError> {
        let polls = context.polling.is_some();
        // As a controller that restarts does not tell its version, it takes no session.
        let entered = self.enter(Stage::Verifying, context, device, polls).await;
        let visit = entered.map_err(|error| self.http.not_yet(context, expected, error))?;
        let verified = visit.http().verify(context, device, expected).await;
        visit.leave().await;
        verified
    }

    async fn installed(&self, context: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        let visit = self.enter(Stage::Verifying, context, device, true).await?;
        let installed = visit.http().installed(context, device).await;
        visit.leave().await;
        installed
    }
}

impl fmt::Debug for RedfishPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedfishPush")
            .field("http", &self.http)
            .field("session", &self.login.is_some())
            .field("file_name", &self.file_name)
            .field("every", &self.every)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}
