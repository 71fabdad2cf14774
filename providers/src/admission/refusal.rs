//! Why a call is not admitted, and when it would be.

use std::fmt;
use std::time::Duration;

use super::table::Measure;

/// Why a call is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What stands in its way.
    pub why: Why,
    /// When it would be admitted, those in line before it; `None` for never.
    pub after: Option<Duration>,
    /// How many are in line.
    pub waiting: usize,
}

/// What stands in a call's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// A limit is used up.
    Limit {
        /// What it counts.
        measure: Measure,
        /// How much there is of it.
        limit: u64,
        /// In which time.
        window: Duration,
    },
    /// The call takes more than there ever is, by more than the estimate can be wrong.
    TooLarge {
        /// What the limit counts.
        measure: Measure,
        /// What the call is estimated to take.
        cost: u64,
        /// How much there is of it.
        limit: u64,
    },
    /// The provider said to come back later.
    Paused,
    /// The provider said no, and calls begin slowly again.
    SlowStart,
}

impl Refusal {
    pub(super) const fn new(why: Why, after: Option<Duration>, waiting: usize) -> Self {
        Self { why, after, waiting }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Limit { measure, limit, window } => {
                write!(f, "the limit of {limit} {} {} is used up", measure.name(), per(window))?;
            }
            Why::TooLarge { measure, cost, limit } => {
                return write!(
                    f,
                    "the call takes about {cost} {}, and there are never more than {limit}",
                    measure.name()
                );
            }
            Why::Paused => f.write_str("the provider asks to come back later")?,
            Why::SlowStart => f.write_str("the provider said no lately and is asked slowly")?,
        }
        match self.waiting {
            0 => {}
            1 => f.write_str(": 1 request is waiting")?,
            many => write!(f, ": {many} requests are waiting")?,
        }
        match self.after {
            Some(after) => write!(f, ", come back after {} s", after.as_millis().div_ceil(1_000)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

fn per(window: Duration) -> String {
    match window.as_secs() {
        1 => String::from("a second"),
        60 => String::from("a minute"),
        3_600 => String::from("an hour"),
        86_400 => String::from("a day"),
        seconds => format!("in {seconds} s"),
    }
}
