//! Hedging: leave to ask a second target beside one that takes too long.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast_backoff::{Budget, RetryBudget};
use steadfast_clock::Nanos;

use super::purse::Purse;
use super::spot::{Pace, Spot};
use crate::{Call, Error, ErrorKind};

/// Leave to ask a second target beside one that takes too long. The first piece of an answer decides: its target goes on,
/// and the connection of the other one is closed. What that had written by then may be billed, and the ledger says so.
///
/// There is one hedge in a call at most. It goes to the target that would be asked next, unless that is parked, and is
/// made only when all of these have room for it at once: the share of calls that may be hedged, the allowance of tokens
/// or money where there is one, the call's own budget of retries, its deadline. It is no retry: a target that fails is
/// not hedged, and while a hedge is under way a failure waits for its answer.
///
/// Only streams are hedged, by their first token, unless [`plain`](Self::plain) says otherwise.
///
/// ```
/// use std::time::Duration;
/// use steadfast_providers::Hedging;
///
/// // Two seconds without a token, one call in fifty at most, and no more than 100,000 tokens an hour for it.
/// let hedging = Hedging::after(Duration::from_secs(2)).share(0.02).tokens_per_hour(100_000);
/// # let _ = hedging;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Hedging {
    delay: Delay,
    share: f64,
    tokens_per_hour: Option<u64>,
    money_per_hour: Option<f64>,
    plain: bool,
    same: bool,
}

#[derive(Clone, Copy, Debug)]
enum Delay {
    Fixed(Duration),
    Quantile(f64),
}

impl Hedging {
    /// Once there was nothing for so long.
    pub fn after(delay: Duration) -> Self {
        Self::by(Delay::Fixed(delay))
    }

    /// Once there was nothing for longer than this fraction of the newest calls to the same target took: 0.95 hedges one
    /// call in twenty at most. Nothing is hedged before a target has answered 100 calls.
    pub fn at_quantile(quantile: f64) -> Self {
        Self::by(Delay::Quantile(quantile))
    }

    fn by(delay: Delay) -> Self {
        Self { delay, share: 0.05, tokens_per_hour: None, money_per_hour: None, plain: false, same: false }
    }

    /// Sets how many hedges there may be for each call that was answered, above 0.0 and up to 1.0. The default is 0.05;
    /// up to five are saved up.
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Sets how many tokens hedges may take in any hour, as far as they can be told before: four bytes of the question
    /// are taken for a token, and the answer as the call's limit of tokens, or else as 1,024.
    pub fn tokens_per_hour(mut self, tokens: u64) -> Self {
        self.tokens_per_hour = Some(tokens);
        self
    }

    /// Sets how much money hedges may take in any hour: those tokens at the target's [price](crate::Target::price).
    /// Targets whose price is not known are not asked as a hedge then.
    pub fn money_per_hour(mut self, money: f64) -> Self {
        self.money_per_hour = Some(money);
        self
    }

    /// Hedges plain calls, too: by their whole answer.
    pub fn plain(mut self, plain: bool) -> Self {
        self.plain = plain;
        self
    }

    /// Asks the same target a second time where there is no other.
    pub fn same_target(mut self, same: bool) -> Self {
        self.same = same;
        self
    }

    /// The quantile that has to be known of each target.
    pub(super) fn quantile(&self) -> Option<f64> {
        match self.delay {
            Delay::Quantile(quantile) => Some(quantile),
            Delay::Fixed(_) => None,
        }
    }

    pub(super) fn allows_same_target(&self) -> bool {
        self.same
    }
}

/// Hedging in use.
pub(super) struct Hedges {
    pub(super) hedging: Hedging,
    share: Arc<dyn Budget>,
    tokens: Option<Purse>,
    money: Option<Purse>,
}

/// How many hedges may be saved up.
const RESERVE: u32 = 5;

/// As many tokens an answer is taken for when nothing limits it.
const ANSWER: u32 = 1024;

impl Hedges {
    pub(super) fn new(hedging: Hedging, name: &Arc<str>) -> Result<Self, Error> {
        let wrong = |what: &str| Error::new(ErrorKind::Config, Arc::clone(name), format!("hedging: {what}"));
        if !(hedging.share > 0.0 && hedging.share <= 1.0) {
            return Err(wrong("the share of calls is not above 0.0 and up to 1.0"));
        }
        if hedging.quantile().is_some_and(|quantile| !(quantile > 0.0 && quantile < 1.0)) {
            return Err(wrong("the quantile is not above 0.0 and below 1.0"));
        }
        if hedging.money_per_hour.is_some_and(|money| !(money > 0.0 && money.is_finite())) {
            return Err(wrong("the money per hour is no amount"));
        }
        let share = RetryBudget::builder().ratio(hedging.share).floor(0.0).reserve(RESERVE).build();
        let share = share.map_err(|error| wrong("the share of calls cannot be kept").caused_by(error))?;
        #[expect(clippy::cast_precision_loss, reason = "a limit of more than 2⁵³ tokens is none")]
        let tokens = hedging.tokens_per_hour.map(|tokens| Purse::new(tokens as f64));
        Ok(Self { hedging, share: Arc::new(share), tokens, money: hedging.money_per_hour.map(Purse::new) })
    }

    /// How long nothing must come from the target before a hedge is made; `None` when there is to be none.
    pub(super) fn delay(&self, spot: &Spot, pace: Pace) -> Option<Duration> {
        if pace == Pace::Whole && !self.hedging.plain {
            return None;
        }
        match self.hedging.delay {
            Delay::Fixed(delay) => Some(delay),
            Delay::Quantile(_) => spot.tail(pace),
        }
    }

    /// Pays for a hedge of this call at that target. What one has granted is not given back when the next one refuses.
    pub(super) fn pay(&self, call: &Call, spot: &Spot, now: Nanos) -> bool {
        let tokens = tokens_of(call);
        let price = spot.price.map(|price| tokens * price / 1e6);
        let money = |purse: &Purse| price.is_some_and(|price| purse.take(price, now));
        self.share.withdraw(1, now)
            && self.tokens.as_ref().is_none_or(|purse| purse.take(tokens, now))
            && self.money.as_ref().is_none_or(money)
            && call.context.budget.as_ref().is_none_or(|budget| budget.withdraw(1, now))
    }

    /// A call was answered.
    pub(super) fn answered(&self, now: Nanos) {
        self.share.deposit(now);
    }
}

/// About how many tokens a call takes, as far as that can be told before.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn tokens_of(call: &Call) -> f64 {
    let bytes: usize = call.texts().iter().map(|text| text.len()).sum();
    bytes as f64 / 4.0 + f64::from(call.options.max_tokens.unwrap_or(ANSWER))
}

impl fmt::Debug for Hedges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hedging.fmt(f)
    }
}
