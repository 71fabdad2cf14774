//! What the end of a call means for the device: fine, later, or a failure of a class.

use std::time::Duration;

use steadfast_backoff::Stop;
use steadfast_pool::{Error, ErrorKind, Phase, Response};

use super::answer::may_defer;
use crate::attempt::Attempt;
use crate::failure::{Failure, FailureClass, Stage};
use crate::push::{Deferral, DeferralReason, PushError};

/// One call, for what is told of it.
pub(crate) struct Call {
    stage: Stage,
    place: String,
}

impl Call {
    pub(super) fn new(stage: Stage, place: String) -> Self {
        Self { stage, place }
    }

    /// Method and URL.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn attempts(&self, attempts: &[steadfast_pool::Attempt]) -> Vec<Attempt> {
        attempts.iter().map(|attempt| Attempt::of(self.stage, attempt)).collect()
    }

    /// Accepts an answer of 2xx.
    pub(crate) fn judge(&self, response: &Response) -> Result<(), PushError> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let mut attempts = self.attempts(response.attempts());
        if let Some(after) = response.retry_after().filter(|_| may_defer(status.as_u16())) {
            if let Some(last) = attempts.last_mut() {
                last.deferred = true;
            }
            return Err(Deferral::new(after, attempts).into());
        }
        let class = match response.stop() {
            Some(stop) => stopped(stop).unwrap_or(FailureClass::ServerError),
            None if status.is_server_error() => FailureClass::ServerError,
            None => FailureClass::Rejected,
        };
        let code = status.as_u16();
        let mut message = format!("{}: HTTP {code}", self.place);
        if status.is_redirection() {
            message.push_str(", a redirect, which is never followed");
        }
        if attempts.len() > 1 {
            message.push_str(&format!(", after {} attempts", attempts.len()));
        }
        let told = |stop: &&Stop| !matches!(stop, Stop::AttemptsSpent | Stop::NotRetryable);
        if let Some(stop) = response.stop().filter(told) {
            message.push_str(&format!(" ({stop})"));
        }
        Err(Failure::new(self.stage, class, message).status(code).attempts(attempts).into())
    }

    /// The host is down: nothing more was sent.
    pub(super) fn host_down(&self, after: Duration, error: &Error) -> PushError {
        Deferral::new(after, self.attempts(error.attempts())).because(DeferralReason::HostDown).into()
    }

    /// The host is down: nothing was sent, and nothing is put off.
    pub(super) fn shut(&self, host: &str) -> PushError {
        let message = format!("{}: the host {host} cannot be connected to; nothing was sent", self.place);
        Failure::new(self.stage, FailureClass::BreakerOpen, message).into()
    }

    /// There is a credential, and the way to the host is open to whoever listens.
    pub(super) fn in_the_clear(&self, host: &str) -> PushError {
        let message = format!(
            "{}: the credential would travel to {host} in the clear: use https, or allow it with allow_plain_http()",
            self.place
        );
        Failure::new(self.stage, FailureClass::Rejected, message).into()
    }

    /// The failure that an error is.
    pub(super) fn failed(&self, error: &Error) -> PushError {
        let attempts = self.attempts(error.attempts());
        let class = error.stop().and_then(stopped).unwrap_or_else(|| class(error));
        let status = attempts.last().and_then(|attempt| attempt.status);
        let mut failure = Failure::new(self.stage, class, error.to_string()).attempts(attempts);
        failure.status = status;
        failure.into()
    }
}

/// The class of a failure that only came to its end because no further retry was allowed.
pub(super) fn stopped(stop: &Stop) -> Option<FailureClass> {
    match stop {
        Stop::BudgetSpent => Some(FailureClass::BudgetSpent),
        Stop::DeadlineTooSoon { .. } => Some(FailureClass::TimedOut),
        _ => None,
    }
}

fn class(error: &Error) -> FailureClass {
    match error.kind() {
        ErrorKind::Dns | ErrorKind::Refused | ErrorKind::Connect | ErrorKind::Proxy => FailureClass::Unreachable,
        ErrorKind::Timeout(Phase::Dial) => FailureClass::Unreachable,
        ErrorKind::Tls | ErrorKind::Timeout(Phase::Tls) => FailureClass::Tls,
        ErrorKind::Timeout(_) | ErrorKind::Deadline | ErrorKind::RateLimited => FailureClass::TimedOut,
        ErrorKind::Closed | ErrorKind::Reset | ErrorKind::GoAway | ErrorKind::StreamRefused => {
            match error.attempts().last().is_some_and(|attempt| attempt.reached.is_harmless()) {
                true => FailureClass::Unreachable,
                false => FailureClass::Cut,
            }
        }
        ErrorKind::BreakerOpen => FailureClass::BreakerOpen,
        ErrorKind::RequestBody => FailureClass::ArtifactChanged,
        ErrorKind::Config | ErrorKind::Request => FailureClass::Rejected,
        // An answer that is not HTTP, or far too long.
        _ => FailureClass::ServerError,
    }
}
