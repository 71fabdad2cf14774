//! One device in hands: who it is, what is known of it from before, and how it ended.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::UnixNanos;

use crate::attempt::Attempt;
use crate::device::Device;
use crate::failure::{Failure, FailureClass, Stage};
use crate::push::{Deferral, DeferralReason, Polling};
use crate::record::{DeviceState, Outcome};
use crate::store::Place;

use super::past::Past;

/// A device that says "later" more often than this has failed.
const MOST_DEFERRALS: u32 = 20;
/// A device that says "later" for longer than this has failed.
const LONGEST_DEFERRAL_MS: u64 = 24 * 60 * 60 * 1000;
/// What took less than this and left nothing else to tell has no outcome of its own.
const NOTHING: Duration = Duration::from_millis(1);

/// A device in hands, passed from one to another.
pub(super) type Held = Box<Job>;

/// A device in hands.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) place: Place,
    pub(super) id: Arc<str>,
    pub(super) device: Device,
    pub(super) ask: Ask,
    pub(super) past: Past,
}

/// Whether a device is asked what it runs before anything is sent to it, and left alone if it runs what is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    No,
    Yes,
    /// By all means: it may have been sent the artifact already.
    Well,
}

/// How a job ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) job: Held,
    pub(super) to: To,
    /// Whether it was too much for the other side, and how long a request took, as far as that is known.
    pub(super) strain: Strain,
}

/// Where a device goes.
#[derive(Debug)]
pub(super) enum To {
    /// Without an outcome when there is nothing to tell but the state.
    Succeeded(Option<Box<Outcome>>),
    Failed(FailureClass, Box<Outcome>),
    /// It runs something newer.
    Skipped(Box<Outcome>),
    Deferred {
        /// In milliseconds since 1970.
        due_ms: u64,
        after: Duration,
        reason: DeferralReason,
    },
    /// It was stopped on the way. The outcome is that of a cancelled one.
    Stopped(Box<Outcome>),
}

/// What a delivery tells of the load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Strain {
    pub(super) overloaded: bool,
    /// How long the last request that was answered well took.
    pub(super) latency: Option<Duration>,
}

/// How one stage ended.
pub(super) enum End {
    /// Well, with the version that the device reported if it was asked.
    Done(Vec<Attempt>, Option<String>),
    /// Before anything was sent: the device reported this version, which it is not to be taken back from.
    Newer(String),
    Deferred(Deferral),
    Failed(Failure),
    Stopped,
}

impl Strain {
    /// Reads the attempts of one stage and how it ended.
    pub(super) fn note(&mut self, attempts: &[Attempt], class: Option<FailureClass>) {
        // A device that says when to come back is not overloaded: it has a plan.
        let overloaded = |attempt: &Attempt| !attempt.deferred && matches!(attempt.status, Some(429 | 500..=599));
        self.overloaded |=
            matches!(class, Some(FailureClass::TimedOut | FailureClass::Cut | FailureClass::ServerError));
        self.overloaded |= attempts.iter().any(overloaded);
        if let Some(answered) = attempts.iter().rev().find(|attempt| matches!(attempt.status, Some(200..=299))) {
            self.latency = Some(answered.elapsed);
        }
    }
}

impl Job {
    /// The attempts of the present stage that count.
    pub(super) fn attempts_spent(&self) -> u32 {
        let stage = self.past.stage;
        let ledger = self.past.ledger.iter();
        let spent = ledger.filter(|attempt| attempt.stage == stage && !attempt.deferred).count();
        let earlier = if stage == Stage::Pushing { self.past.earlier } else { 0 };
        u32::try_from(spent).unwrap_or(u32::MAX).saturating_add(earlier)
    }

    /// It succeeded, with the version that it reported.
    pub(super) fn succeeded(&mut self, version: Option<String>, installed: bool) -> To {
        let past = &self.past;
        let told = version.is_some() || installed || !past.ledger.is_empty() || past.bytes > 0 || past.earlier > 0;
        if !told && past.deferrals == 0 && past.busy < NOTHING {
            return To::Succeeded(None);
        }
        let mut outcome = self.outcome(DeviceState::Succeeded);
        outcome.version = version;
        outcome.already_installed = installed;
        To::Succeeded(Some(outcome))
    }

    /// Nothing was to be done: it reported this version.
    pub(super) fn skipped(&mut self, version: String) -> To {
        let mut outcome = self.outcome(DeviceState::Skipped);
        outcome.version = Some(version);
        To::Skipped(outcome)
    }

    /// It failed.
    pub(super) fn failed(&mut self, mut failure: Failure) -> To {
        self.past.ledger.append(&mut failure.attempts);
        let class = failure.class;
        To::Failed(class, self.ended(DeviceState::Failed, failure))
    }

    /// It was stopped, with attempts begun that nothing is told of.
    pub(super) fn stopped(&mut self, begun: u32) -> To {
        let stage = self.past.stage;
        let failure = Failure::new(stage, FailureClass::Cancelled, format!("cancelled while {stage}"));
        let mut outcome = self.ended(DeviceState::Cancelled, failure);
        outcome.attempts = outcome.attempts.saturating_add(begun);
        To::Stopped(outcome)
    }

    /// Takes note of a deferral.
    pub(super) fn put_off(&mut self, deferral: Deferral, now: UnixNanos) -> To {
        let (after, reason) = (deferral.after, deferral.reason);
        // Never before what was asked for.
        let due_ms = now.saturating_add(after).as_nanos().div_ceil(1_000_000);
        match self.too_much(deferral, now.as_nanos() / 1_000_000, due_ms) {
            Some(failure) => self.failed(failure),
            None => To::Deferred { due_ms, after, reason },
        }
    }

    fn too_much(&mut self, deferral: Deferral, now_ms: u64, due_ms: u64) -> Option<Failure> {
        let past = &mut self.past;
        if deferral.reason == DeferralReason::NotYet {
            // Of a device that is asked again and again, the newest answer is kept.
            if past.ledger.last().is_some_and(|last| last.stage == Stage::Verifying && last.deferred) {
                past.ledger.pop();
            }
        }
        past.ledger.extend(deferral.attempts);
        let too_much =
            |times: u32, since: u64| times > MOST_DEFERRALS || due_ms.saturating_sub(since) > LONGEST_DEFERRAL_MS;
        match deferral.reason {
            DeferralReason::NotYet => {
                // A push that waits has a limit of its own, too.
                if past.stage == Stage::Verifying {
                    let (_, polling) = past.verifying.get_or_insert_with(|| (now_ms, Polling::new()));
                    polling.asked = polling.asked.saturating_add(1);
                    polling.seen = deferral.seen;
                }
                None
            }
            DeferralReason::HostDown => {
                let (times, since) = past.host_down.get_or_insert((0, now_ms));
                *times += 1;
                let message = format!("its host could not be connected to {times} times, and was left alone");
                too_much(*times, *since).then(|| Failure::new(past.stage, FailureClass::BreakerOpen, message))
            }
            DeferralReason::Asked => {
                past.deferrals = past.deferrals.saturating_add(1);
                let since = *past.first_deferred_ms.get_or_insert(now_ms);
                too_much(past.deferrals, since).then(|| past.too_late(deferral.after))
            }
        }
    }

    pub(super) fn outcome(&mut self, state: DeviceState) -> Box<Outcome> {
        let past = &mut self.past;
        let mut outcome = Box::new(Outcome::new(&*self.id, state));
        outcome.attempts = past.attempts();
        outcome.deferrals = past.deferrals;
        outcome.bytes_sent = past.bytes;
        outcome.duration = past.busy;
        outcome.ledger = std::mem::take(&mut past.ledger);
        outcome
    }

    pub(super) fn ended(&mut self, state: DeviceState, failure: Failure) -> Box<Outcome> {
        let mut outcome = self.outcome(state);
        outcome.failure = Some(failure.attempts(std::mem::take(&mut outcome.ledger)));
        outcome
    }
}

impl Past {
    fn too_late(&self, after: Duration) -> Failure {
        let message = if self.deferrals > MOST_DEFERRALS {
            format!("the device said \"later\" {} times", self.deferrals)
        } else {
            let after = after.as_secs_f64();
            format!("the device asks to come back in {after:.0} s, more than a day after it first said \"later\"")
        };
        let failure = Failure::new(self.stage, FailureClass::TimedOut, message);
        match self.ledger.last().and_then(|attempt| attempt.status) {
            Some(status) => failure.status(status),
            None => failure,
        }
    }
}
