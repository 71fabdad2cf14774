//! Asking a device what it runs: once, or again and again while it restarts.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::HttpPush;
use super::exchange::Order;
use super::version::{Layout, Runs};
use crate::attempt::Attempt;
use crate::device::{Device, Path, endpoint};
use crate::failure::{Failure, FailureClass, Stage};
use crate::push::{Deferral, DeferralReason, Polling, PushContext, PushError, Verified};

/// How devices are asked.
#[derive(Clone, Debug)]
pub(super) struct Verify {
    pub(super) path: Path,
    pub(super) layout: Layout,
    pub(super) pace: Pace,
}

/// How often, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) first: Duration,
    pub(super) most: Duration,
    pub(super) within: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), most: Duration::from_secs(10), within: Duration::from_secs(5 * 60) }
    }
}

impl Pace {
    /// The wait after a device was asked `asked` times before: twice as long each time, up to the most; the last one
    /// ends at the limit. `None` at the limit and beyond.
    fn next(&self, waited: Duration, asked: u32) -> Option<Duration> {
        let left = self.within.checked_sub(waited).filter(|left| !left.is_zero())?;
        let wait = 2u32.checked_pow(asked).and_then(|factor| self.first.checked_mul(factor)).unwrap_or(self.most);
        Some(wait.min(self.most).min(left))
    }
}

impl Verify {
    /// "Not yet", or at the limit the failure.
    fn put_off(&self, polling: &Polling, expected: &str, seen: Option<Arc<str>>, failure: Failure) -> PushError {
        let Failure { message: what, class, mut attempts, .. } = failure;
        let answered = seen.is_some();
        let seen: Option<Arc<str>> = seen.or_else(|| polling.seen.clone());
        if let Some(after) = self.pace.next(polling.waited, polling.asked) {
            if let Some(last) = attempts.last_mut() {
                last.deferred = true;
            }
            return Deferral::new(after, attempts).because(DeferralReason::NotYet).seen(seen).into();
        }
        let mut message = format!(
            "the device does not report version {} within {:.0} s: {what}",
            shown(expected),
            self.pace.within.as_secs_f64()
        );
        if let Some(seen) = seen.filter(|_| !answered) {
            message.push_str(&format!("; last it reported version {}", shown(&seen)));
        }
        Failure::new(Stage::Verifying, class, message).attempts(attempts).into()
    }
}

impl HttpPush {
    /// The version that the device reports, compared with nothing; `None` where verification is off.
    ///
    /// # Errors
    ///
    /// As [`verify`](crate::Push::verify): what the device answers is no version.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn version(&self, context: &PushContext, device: &Device) -> Result<Verified, PushError> {
        let Some(verify) = &self.verify else { return Ok(Verified::default()) };
        let (runs, attempts) = self.ask(verify, context, device, Occasion::After).await?;
        Ok(Verified::new(Some(runs.version), attempts))
    }

    /// What a device runs before anything is pushed to it: asked once.
    pub(super) async fn runs(&self, context: &PushContext, device: &Device) -> Result<Option<String>, PushError> {
        let Some(verify) = &self.verify else { return Ok(None) };
        let (runs, _) = self.ask(verify, context, device, Occasion::Before).await?;
        Ok(is_other(&runs, context).is_none().then_some(runs.version))
    }

    /// Compares what the device reports with what is expected.
    pub(super) async fn compare(
        &self,
        context: &PushContext,
        device: &Device,
        expected: &str,
    ) -> Result<Verified, PushError> {
        let Some(verify) = &self.verify else { return Ok(Verified::default()) };
        match &context.polling {
            Some(polling) if !verify.pace.within.is_zero() => {
                self.poll(verify, polling, context, device, expected).await
            }
            _ => {
                let (runs, attempts) = self.ask(verify, context, device, Occasion::After).await?;
                match difference(&runs, context, expected) {
                    None => Ok(Verified::new(Some(runs.version), attempts)),
                    Some(what) => {
                        let what = format!("the device reports {what}");
                        Err(Failure::new(Stage::Verifying, FailureClass::VerifyFailed, what).attempts(attempts).into())
                    }
                }
            }
        }
    }

    /// One question of many. What may pass is put off until the limit.
    async fn poll(
        &self,
        verify: &Verify,
        polling: &Polling,
        context: &PushContext,
        device: &Device,
        expected: &str,
    ) -> Result<Verified, PushError> {
        match self.ask(verify, context, device, Occasion::Again).await {
            Ok((runs, attempts)) => match difference(&runs, context, expected) {
                None => Ok(Verified::new(Some(runs.version), attempts)),
                Some(what) => {
                    let version = runs.version.chars().take(SHOWN).collect::<String>();
                    let failure =
                        Failure::new(Stage::Verifying, FailureClass::VerifyFailed, format!("it reports {what}"));
                    Err(verify.put_off(polling, expected, Some(version.into()), failure.attempts(attempts)))
                }
            },
            Err(error) => Err(self.not_yet(context, expected, error)),
        }
    }

    /// What a failure means for a verification that goes on over deferrals: what may pass is put off until the limit.
    pub(crate) fn not_yet(&self, context: &PushContext, expected: &str, error: PushError) -> PushError {
        match (error, &self.verify, &context.polling) {
            (PushError::Failed(mut failure), Some(verify), Some(polling)) if may_pass(failure.class) => {
                // Whom it cannot trust it will not trust later; only the limit says so, for a device that starts.
                if failure.class != FailureClass::Tls {
                    failure.class = FailureClass::VerifyFailed;
                }
                verify.put_off(polling, expected, None, *failure)
            }
            (error, ..) => error,
        }
    }
    /// Asks the device what it runs.
    async fn ask(
        &self,
        verify: &Verify,
        context: &PushContext,
        device: &Device,
        occasion: Occasion,
    ) -> Result<(Runs, Vec<Attempt>), PushError> {
        let url = endpoint(device.address(), &verify.path);
        let order = Order::new(Stage::Verifying, Method::GET, url);
        let order = order.once(occasion != Occasion::After).followed(occasion == Occasion::Before);
        let (response, call) = self.send(context, device, order).await?;
        let attempts = call.attempts(response.attempts());
        match verify.layout.read(response.body()) {
            Ok(runs) => Ok((runs, attempts)),
            Err(what) => {
                let what = format!("{}: {what}", call.place());
                let failure = Failure::new(Stage::Verifying, FailureClass::VerifyFailed, what);
                Err(failure.status(response.status().as_u16()).attempts(attempts).into())
            }
        }
    }
}

/// When a device is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// Before the artifact is sent.
    Before,
    /// Once it took the artifact, with the retries of every request.
    After,
    /// Again and again while it restarts, which is its own retry.
    Again,
}

/// Whether a restart may explain it.
fn may_pass(class: FailureClass) -> bool {
    use FailureClass::{BreakerOpen, Cut, ServerError, TimedOut, Tls, Unreachable, VerifyFailed};
    matches!(class, Unreachable | Tls | ServerError | TimedOut | Cut | BreakerOpen | VerifyFailed)
}

/// How what runs differs from what is expected.
fn difference(runs: &Runs, context: &PushContext, expected: &str) -> Option<String> {
    if runs.version != expected {
        return Some(format!("version {}, expected {}", shown(&runs.version), shown(expected)));
    }
    is_other(runs, context).map(|what| format!("version {}, {what}", shown(expected)))
}

/// Whether the digest that a device tells is another than the artifact's.
fn is_other(runs: &Runs, context: &PushContext) -> Option<&'static str> {
    let (digest, expected) = (runs.digest.as_ref()?, context.digest.as_ref()?);
    (!digest.is(expected)).then_some("but the digest of another artifact")
}

/// How many characters of a version are shown.
const SHOWN: usize = 64;

/// A version as it may be shown: on one line, and not endless.
fn shown(version: &str) -> String {
    let short: String = version.chars().take(SHOWN).collect();
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the pace: a wait is never longer than the most, each question comes after the one before, and the
        /// last one comes exactly at the limit.
        #[test]
        fn the_last_question_comes_at_the_limit(first in 1u64..5_000, most in 1u64..20_000, within in 0u64..600_000) {
            let ms = Duration::from_millis;
            let pace = Pace { first: ms(first), most: ms(most), within: ms(within) };
            let (mut waited, mut asked) = (Duration::ZERO, 0);
            while let Some(wait) = pace.next(waited, asked) {
                prop_assert!(!wait.is_zero() && wait <= ms(most));
                prop_assert!(wait >= ms(first).min(ms(most)).min(ms(within) - waited));
                waited += wait;
                asked += 1;
                if asked > 10_000 { break }
            }
            prop_assert!(waited == ms(within) || asked > 10_000);
        }
    }
}
