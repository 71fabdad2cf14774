//! The loop over the requests of one upload: sends what the machine asks for, and tries again as the policy says.

use std::time::Duration;

use steadfast_backoff::{Next, Retry, Stop, Unlimited, entropy};
use steadfast_clock::Nanos;
use url::Url;

use super::heard::{Heard, Limits};
use super::probe::Offer;
use super::request::{End, Lost};
use super::upload::{Ask, Turn, Upload};
use super::{Resumable, token};
use crate::artifact::Artifact;
use crate::attempt::Attempt;
use crate::device::{Device, endpoint};
use crate::failure::{Failure, FailureClass, Stage};
use crate::http::HttpPush;
use crate::http::exchange::scope;
use crate::http::reply::stopped;
use crate::push::{PushContext, PushError, Pushed};

/// How much is sent at a time to a device that checks each piece: it is read twice, and a damaged one is sent anew.
const CHECKED_PIECE: u64 = 8 * 1024 * 1024;

/// Delivers by an upload that can be resumed, or by a plain POST where the device wants one.
pub(in crate::http) async fn push(
    push: &HttpPush,
    how: Resumable,
    context: &PushContext,
    device: &Device,
    artifact: &Artifact,
) -> Result<Pushed, PushError> {
    let mut retry = Retry::new(push.timer().now());
    for _ in 0..context.call.attempts_before {
        retry.begin();
    }
    let drive = Drive {
        push,
        context,
        device,
        artifact,
        target: endpoint(device.address(), &push.update_path),
        retry,
        ledger: Vec::new(),
        counted: false,
        resumed_at: None,
        upload: None,
        checks: false,
    };
    drive.run(how).await
}

/// One delivery.
pub(super) struct Drive<'a> {
    pub(super) push: &'a HttpPush,
    pub(super) context: &'a PushContext,
    pub(super) device: &'a Device,
    pub(super) artifact: &'a Artifact,
    /// Where uploads are opened.
    pub(super) target: Url,
    retry: Retry,
    /// One record for each attempt that is over.
    ledger: Vec<Attempt>,
    /// Whether the present attempt was counted.
    counted: bool,
    /// Where the present attempt went on.
    resumed_at: Option<u64>,
    upload: Option<Upload>,
    /// Whether the device checks what it is sent piece by piece.
    pub(super) checks: bool,
}

impl Drive<'_> {
    async fn run(mut self, how: Resumable) -> Result<Pushed, PushError> {
        self.upload = self.kept();
        if let Some(carried) = &self.context.call.carried {
            let _ = carried.begin();
        }
        loop {
            if let Some(what) = self.artifact.changed() {
                return Err(self
                    .failed(Failure::new(Stage::Pushing, FailureClass::ArtifactChanged, what), None)
                    .into());
            }
            let number = self.retry.begin();
            let started = self.push.timer().now();
            (self.counted, self.resumed_at) = (false, None);
            if let Some(upload) = &mut self.upload {
                upload.begin(started);
            }
            let end = self.attempt(how).await;
            let ended = self.push.timer().now();
            let resumed_at = self.resumed_at;
            let close = |record: Attempt| Attempt { number, resumed_at, elapsed: ended.since(started), ..record };
            match end {
                End::Plain => return self.plain().await,
                End::Done(record) => {
                    self.context.forget();
                    self.ledger.push(close(record));
                    if let Some(budget) = &self.context.call.budget {
                        budget.deposit(ended);
                    }
                    return Ok(Pushed::new(self.ledger));
                }
                End::Deferred(mut deferral, record) => {
                    self.ledger.extend(record.map(|record| Attempt { deferred: true, ..close(record) }));
                    self.ledger.append(&mut deferral.attempts);
                    deferral.attempts = self.ledger;
                    return Err(deferral.into());
                }
                End::Lost(lost) => {
                    self.count();
                    let Lost { failure, record, again, hint } = *lost;
                    let mut record = close(record);
                    if let Some(what) = self.artifact.changed() {
                        let changed = Failure::new(Stage::Pushing, FailureClass::ArtifactChanged, what);
                        self.ledger.push(record);
                        return Err(self.failed(changed, None).into());
                    }
                    let next = if again { self.next(hint, ended) } else { Next::Stop(Stop::NotRetryable) };
                    let Next::Wait(wait) = next else {
                        self.ledger.push(record);
                        let stop = if let Next::Stop(stop) = next { Some(stop) } else { None };
                        return Err(self.failed(failure, stop).into());
                    };
                    record.wait = Some(wait.delay);
                    self.ledger.push(record);
                    self.wait(wait.delay, ended, &failure.message).await;
                }
            }
        }
    }

    /// The upload that an earlier call has left, of whatever protocol.
    fn kept(&self) -> Option<Upload> {
        let token = self.context.resume_token()?;
        let Some((protocol, url)) = token::read(&token, self.artifact, self.device) else {
            self.context.forget();
            return None;
        };
        Some(Upload::new(protocol, self.artifact.len(), Limits::default(), Some(url)))
    }

    /// Once from finding out where the upload stands to its last byte, or to where it breaks off.
    async fn attempt(&mut self, how: Resumable) -> End {
        let mut upload = match self.upload.take() {
            Some(upload) => upload,
            None => match self.offered(how).await {
                Ok(Offer { protocol: None, .. }) => return End::Plain,
                Ok(Offer { protocol: Some(protocol), limits, checks }) => {
                    self.checks = checks;
                    let piece = checks.then_some(CHECKED_PIECE);
                    Upload::new(protocol, self.artifact.len(), limits, None).pieces_of(piece)
                }
                Err(end) => return *end,
            },
        };
        self.count();
        let end = loop {
            let ask = upload.next();
            if let (Ask::Append { from, .. }, None) = (&ask, self.resumed_at) {
                self.resumed_at = Some(*from);
            }
            let (turn, answered) = match self.ask(upload.protocol(), &ask).await {
                Ok((heard, answered)) => (upload.told(&ask, heard, self.push.timer().now()), answered),
                Err(end) => {
                    upload.told(&ask, Heard::Failed, self.push.timer().now());
                    break *end;
                }
            };
            self.keep(&upload);
            match turn {
                Turn::Go => {}
                Turn::Slip(what) => tracing::info!(device = self.device.id(), "the device {what}"),
                Turn::Done => break End::Done(answered.record),
                Turn::Again(why) => break answered.lost(FailureClass::ServerError, why, true),
                Turn::Over(why) => break answered.lost(FailureClass::Rejected, why, false),
            }
        };
        self.resumed_at = self.resumed_at.filter(|at| *at > 0);
        self.upload = Some(upload);
        end
    }

    /// Has the context remember where the upload is.
    fn keep(&self, upload: &Upload) {
        match upload.url() {
            Some(url) => self.context.remember(token::write(upload.protocol(), self.artifact, url)),
            None => self.context.forget(),
        }
    }

    /// The present attempt is one.
    fn count(&mut self) {
        if !std::mem::replace(&mut self.counted, true) {
            self.context.attempt_began();
        }
    }

    /// Whether to try again, and when.
    fn next(&mut self, hint: Option<Duration>, now: Nanos) -> Next {
        let call = &self.context.call;
        if call.carried.as_ref().is_some_and(|carried| !carried.begin()) {
            return Next::Stop(Stop::AttemptsSpent);
        }
        let budget = call.budget.as_deref().unwrap_or(&Unlimited);
        let next = self.retry.next(&self.push.retry, hint, 1, now, self.context.deadline(), budget, entropy());
        if let (Some(carried), Next::Stop(_)) = (&call.carried, &next) {
            carried.give_back();
        }
        next
    }

    async fn wait(&self, delay: Duration, ended: Nanos, what: &str) {
        let (attempt, max) = (self.retry.attempt() + 1, self.push.retry.max_attempts());
        tracing::info!(
            scope = scope(self.device),
            attempt,
            max_attempts = max,
            delay = delay.as_secs_f64(),
            "retrying (attempt {attempt}/{max}) after {:.1} s: {what}",
            delay.as_secs_f64(),
        );
        self.push.timer().sleep_until(ended.saturating_add(delay)).await;
    }

    /// A plain POST, with the attempts that are left.
    async fn plain(self) -> Result<Pushed, PushError> {
        if let Some(carried) = &self.context.call.carried {
            // The attempt was not one: the plain push counts its own.
            carried.give_back();
        }
        let mut context = self.context.clone();
        context.call.attempts_before = self.retry.attempt().saturating_sub(1);
        let mut ledger = self.ledger;
        match self.push.push_whole(&context, self.device, self.artifact).await {
            Ok(mut pushed) => {
                ledger.append(&mut pushed.attempts);
                Ok(Pushed::new(ledger))
            }
            Err(PushError::Deferred(mut deferral)) => {
                ledger.append(&mut deferral.attempts);
                deferral.attempts = ledger;
                Err(PushError::Deferred(deferral))
            }
            Err(PushError::Failed(mut failure)) => {
                ledger.append(&mut failure.attempts);
                failure.attempts = ledger;
                Err(PushError::Failed(failure))
            }
        }
    }

    /// The failure of the whole delivery.
    fn failed(self, mut failure: Failure, stop: Option<Stop>) -> Failure {
        if let Some(class) = stop.as_ref().and_then(stopped) {
            failure.class = class;
        }
        if self.ledger.len() > 1 {
            failure.message.push_str(&format!(", after {} attempts", self.ledger.len()));
        }
        if let Some(stop) = stop.filter(|stop| !matches!(stop, Stop::AttemptsSpent | Stop::NotRetryable)) {
            failure.message.push_str(&format!(" ({stop})"));
        }
        if self.ledger.len() > 1 {
            let all = self.ledger.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            tracing::error!(
                retry_count = self.ledger.len() - 1,
                total_delay = self.retry.total_wait().as_secs_f64(),
                final_status = failure.message,
                attempts = all,
                "{}: giving up: {}",
                scope(self.device),
                failure.message,
            );
        }
        failure.attempts(self.ledger)
    }
}
