//! The log records of retries. Their levels, texts and fields are part of the contract.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use core::fmt::Display;

use crate::{Retry, Retrying, Stop};

/// How an error is told.
pub(crate) struct Log<E> {
    line: fn(&Retrying<'_, E>) -> String,
    what: fn(&E) -> String,
    status: fn(&E) -> Option<u16>,
}

/// The attempts of one call so far, as they are told at its end. Empty where nothing is logged.
#[derive(Default)]
pub(crate) struct Ledger(Vec<String>);

impl<E: Display> Log<E> {
    pub(crate) fn new(status: fn(&E) -> Option<u16>) -> Self {
        Self { line: |retrying| retrying.to_string(), what: |error| error.to_string(), status }
    }
}

impl Ledger {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// INFO, before each wait.
    pub(crate) fn retrying<E>(&mut self, log: &Log<E>, retrying: &Retrying<'_, E>) {
        tracing::info!(
            attempt = retrying.attempt.saturating_add(1),
            max_attempts = retrying.max_attempts,
            delay = retrying.wait.delay.as_secs_f64(),
            "{}",
            (log.line)(retrying),
        );
        self.add(retrying.attempt, &told(log, retrying.error));
    }

    /// ERROR, once, when a call that was retried, or would have been, ends without success.
    pub(crate) fn gave_up<E>(&mut self, log: &Log<E>, retry: &Retry, error: Option<&E>, stop: Stop) {
        if retry.attempt() <= 1 && stop == Stop::NotRetryable {
            return;
        }
        let what = told(log, error);
        self.add(retry.attempt(), &what);
        let status = error.and_then(log.status).map_or_else(|| what.clone(), |status| status.to_string());
        tracing::error!(
            retry_count = retry.attempt().saturating_sub(1),
            total_delay = retry.total_wait().as_secs_f64(),
            final_status = status,
            attempts = self.0.join(", "),
            "giving up: {what} ({stop})",
        );
    }

    fn add(&mut self, attempt: u32, what: &str) {
        self.0.push(format!("#{attempt} {what}"));
    }
}

/// What came of an attempt: its error, or a value that was not what was hoped for.
fn told<E>(log: &Log<E>, error: Option<&E>) -> String {
    error.map_or_else(|| String::from("an answer that was not accepted"), log.what)
}
