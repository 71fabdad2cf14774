//! What failed, in our words, and what to do about it. Knows what must not be told.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use steadfast_pool::{ErrorKind as HttpErrorKind, Phase, Reached};

use super::Asked;
use crate::problem::{Fault, Problem};
use crate::scrub::{scrub, word};
use crate::{ApiKey, Attempt, Error, ErrorKind, Wait};

/// An answer whose status is no success.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Asked {
    pub(crate) fn fail(&self, kind: ErrorKind, what: impl Into<String>) -> Error {
        let error = Error::new(kind, Arc::clone(&self.client.name), what);
        match self.advice(kind) {
            Some(advice) => error.advise(advice),
            None => error,
        }
    }

    /// The provider answered, and the answer is no.
    pub(super) fn refused(&self, answer: &Refusal<'_>, after: Option<Duration>, mut attempts: Vec<Attempt>) -> Error {
        let problem = Problem::of_refusal(answer.body);
        let (kind, mut what) = match answer.status {
            400.. => (self.client.vendor.kind(answer.status, &problem), format!("HTTP {}", answer.status)),
            status => (ErrorKind::Malformed, format!("HTTP {status} instead of an answer")),
        };
        if let Some(label) = self.label(&problem) {
            what = format!("{what} {label}");
        }
        if let Some(last) = attempts.last_mut() {
            last.http.error = Some(what.clone());
        }
        if attempts.len() > 1 {
            what = format!("{what}, after {} attempts", attempts.len());
        }
        let mut error = self.fail(kind, what);
        if kind == ErrorKind::Timeout {
            error = error.waiting_for(Wait::Provider);
        }
        if let Some(after) = after.filter(|_| error.is_retryable()) {
            error = error.advise(format!("come back after {:.0} s", after.as_secs_f64().ceil()));
        }
        error
            .retry_in(after)
            .retryable(should_retry(answer.headers))
            .named(self.request_id(Some(answer.headers), Some(&problem)))
            .said(self.said(&problem))
            .with_attempts(attempts)
    }

    /// What came, with a status of success, is no answer.
    pub(crate) fn faulty(&self, fault: Fault, headers: Option<&HeaderMap>) -> Error {
        match fault {
            Fault::Told(problem) => {
                let kind = self.client.vendor.kind(200, &problem);
                let what = match self.label(&problem) {
                    Some(label) => format!("an error inside of the answer, {label}"),
                    None => String::from("an error inside of the answer"),
                };
                self.fail(kind, what).named(self.request_id(headers, Some(&problem))).said(self.said(&problem))
            }
            Fault::Malformed(what) => self.fail(ErrorKind::Malformed, what).named(self.request_id(headers, None)),
            Fault::Truncated => {
                let what = "the stream ended before it was finished";
                self.fail(ErrorKind::Truncated, what).named(self.request_id(headers, None))
            }
            Fault::Pending(_) => {
                let error = self.fail(ErrorKind::Truncated, "the answer is not complete yet");
                error.advise("look for it by its id later").named(self.request_id(headers, None))
            }
            Fault::Cancelled => {
                let what = "the answer was called off before it was complete";
                self.fail(ErrorKind::Truncated, what).named(self.request_id(headers, None))
            }
        }
    }

    /// There is no answer, or not all of it.
    pub(crate) fn unreached(&self, error: steadfast_pool::Error) -> Error {
        let attempts = self.attempts(error.attempts());
        let answered = attempts.last().filter(|last| last.http.reached >= Reached::Headers);
        let broke_off = answered.is_some();
        let kind = match error.kind() {
            HttpErrorKind::Config | HttpErrorKind::Request => ErrorKind::Config,
            HttpErrorKind::Timeout(_) => ErrorKind::Timeout,
            // Bytes came, and no head in them.
            HttpErrorKind::Protocol if answered.is_some_and(|last| last.http.status.is_none()) => ErrorKind::Malformed,
            HttpErrorKind::Closed | HttpErrorKind::Reset | HttpErrorKind::Protocol if broke_off => ErrorKind::Truncated,
            HttpErrorKind::BreakerOpen => ErrorKind::BreakerOpen,
            HttpErrorKind::RateLimited => ErrorKind::RateLimited,
            HttpErrorKind::Deadline => ErrorKind::Deadline,
            HttpErrorKind::TooLarge | HttpErrorKind::Decode => ErrorKind::Malformed,
            _ => ErrorKind::Network,
        };
        let mut failed = self.fail(kind, error.to_string());
        if matches!(error.kind(), HttpErrorKind::Closed | HttpErrorKind::Reset) {
            failed = failed.advise("ask again; the work may have been done");
        }
        if let Some(after) = error.retry_after() {
            failed = failed.retry_in(Some(after));
        }
        if let HttpErrorKind::Timeout(phase) = error.kind() {
            failed = failed.waiting_for(wait(phase));
        }
        failed.with_attempts(attempts).caused_by(error)
    }

    /// The most exact machine word of a problem, if it is fit to be told.
    fn label(&self, problem: &Problem) -> Option<String> {
        let label = problem.words().find_map(word).map(str::to_owned);
        let label = label.or_else(|| problem.number.map(|number| number.to_string()))?;
        Some(label).filter(|label| self.scrub(label) == *label)
    }

    fn said(&self, problem: &Problem) -> Option<String> {
        problem.message.as_deref().map(|message| self.scrub(message))
    }

    fn scrub(&self, text: &str) -> String {
        scrub(text, self.held.keys(), self.call.texts().into_iter())
    }

    /// The provider's name for the request: in a header, or in the body of an error.
    pub(crate) fn request_id(&self, headers: Option<&HeaderMap>, problem: Option<&Problem>) -> Option<String> {
        let header = &*self.client.vendor.request_id;
        let told = headers.and_then(|headers| headers.get(header)).and_then(|value| value.to_str().ok());
        let id = told.or(problem.and_then(|problem| problem.request_id.as_deref())).and_then(word)?;
        Some(id.to_owned()).filter(|id| self.scrub(id) == *id)
    }

    /// What to do about a failure.
    fn advice(&self, kind: ErrorKind) -> Option<String> {
        let client = &*self.client;
        Some(match kind {
            ErrorKind::Authentication | ErrorKind::MissingKey => {
                let variable = self.held.key.as_ref().and_then(ApiKey::variable).unwrap_or(&client.vendor.key_variable);
                format!("check {variable}")
            }
            ErrorKind::Permission => format!("check what the key may do with {}", self.model),
            ErrorKind::NotFound => format!("check the model {} and the base URL", self.model),
            ErrorKind::InvalidRequest => String::from("change the request"),
            ErrorKind::TooLarge => String::from("shorten the conversation"),
            ErrorKind::ContentRefused => String::from("change the contents"),
            ErrorKind::QuotaSpent => String::from("check the account's plan and limits"),
            ErrorKind::RateLimited => String::from("ask less often"),
            ErrorKind::Overloaded | ErrorKind::Server | ErrorKind::Conflict => {
                String::from("try again later, or add a fallback")
            }
            ErrorKind::Timeout => String::from("try again, or allow more time"),
            ErrorKind::Network => String::from("check the base URL and the network"),
            ErrorKind::Truncated => String::from("ask again"),
            ErrorKind::Malformed => format!("check that the base URL speaks the API of {}", client.vendor.name),
            ErrorKind::Deadline => String::from("allow more time"),
            ErrorKind::BreakerOpen => String::from("try again later, or add a fallback"),
            ErrorKind::Unsupported | ErrorKind::Config => return None,
        })
    }
}

/// Marks the last attempt as one that brought an answer which is none.
pub(crate) fn failed(mut attempts: Vec<Attempt>, error: &Error) -> Vec<Attempt> {
    if let Some(last) = attempts.last_mut() {
        last.http.error.get_or_insert_with(|| error.what().to_owned());
    }
    attempts
}

fn wait(phase: Phase) -> Wait {
    match phase {
        Phase::Acquire | Phase::Dial | Phase::Tls => Wait::Connection,
        Phase::Header => Wait::Head,
        Phase::Stall => Wait::Bytes,
        // The pool may come to tell more; all of it is part of the attempt.
        _ => Wait::Attempt,
    }
}

fn should_retry(headers: &HeaderMap) -> Option<bool> {
    match headers.get("x-should-retry").map(HeaderValue::as_bytes) {
        Some(b"true") => Some(true),
        Some(b"false") => Some(false),
        _ => None,
    }
}
