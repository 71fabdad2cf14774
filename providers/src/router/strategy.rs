//! Who is asked first. No I/O, no clock: numbers in, a place out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who is asked first. Whatever the strategy, the other targets follow in their order where that one fails.
///
/// | strategy | asked first is | for |
/// |---|---|---|
/// | `Ordered` | the first | a favourite, and others in reserve |
/// | `Weighted` | one drawn by [weight](crate::Target::weight) | a gradual move, several keys |
/// | `LeastBusy` | who has the fewest calls under way; of several the first | servers of one's own |
/// | `Cheapest` | who has the lowest [price](crate::Target::price); of several the first, those without a price last | batches |
/// | `Fastest` | who has been quickest of late | people who wait |
///
/// Targets that are parked, or whose places are all taken, are passed over as long as there is another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strategy {
    /// The first that there is.
    #[default]
    Ordered,
    /// One that is drawn by lot, by weight.
    Weighted,
    /// Who has the fewest calls under way.
    LeastBusy,
    /// Who asks for the least money.
    Cheapest,
    /// Who has been quickest: for streams to their first token, for plain calls to their answer. Newer calls count for
    /// more, a failure as one of ten seconds. Who is not known yet is tried by one call at a time, and one call in twenty
    /// goes to one of the others, drawn by lot: who has become quick is noticed.
    Fastest,
}

impl Strategy {
    /// The strategy as one word: `ordered`, `weighted`, `least_busy`, `cheapest`, `fastest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Weighted => "weighted",
            Self::LeastBusy => "least_busy",
            Self::Cheapest => "cheapest",
            Self::Fastest => "fastest",
        }
    }

    /// Which of the targets is asked first; `None` when none of them is ready. `draw` gives random numbers.
    pub(super) fn first(self, targets: &[Standing], mut draw: impl FnMut() -> u64) -> Option<usize> {
        let ready = || targets.iter().enumerate().filter(|(_, target)| target.ready);
        match self {
            Self::Ordered => ready().next().map(|(at, _)| at),
            Self::Weighted => {
                let total = ready().map(|(_, target)| u64::from(target.weight)).sum();
                below(draw(), total).and_then(|mut left| {
                    let mut passed = ready().skip_while(|(_, target)| {
                        let weight = u64::from(target.weight);
                        let passes = left >= weight;
                        left = left.saturating_sub(weight);
                        passes
                    });
                    passed.next().map(|(at, _)| at)
                })
            }
            Self::LeastBusy => ready().min_by_key(|(_, target)| target.busy).map(|(at, _)| at),
            Self::Cheapest => {
                let price = |target: &Standing| target.price.unwrap_or(f64::INFINITY);
                ready().min_by(|(_, one), (_, other)| price(one).total_cmp(&price(other))).map(|(at, _)| at)
            }
            Self::Fastest => {
                if let Some((at, _)) = ready().find(|(_, target)| target.speed.is_none() && target.busy == 0) {
                    return Some(at);
                }
                let speed = |target: &Standing| target.speed.unwrap_or(Duration::MAX);
                let (best, _) = ready().min_by_key(|(_, target)| speed(target))?;
                if below(draw(), EXPLORED) != Some(0) {
                    return Some(best);
                }
                let others = || ready().filter(|(at, _)| *at != best);
                let lot = below(draw(), others().count() as u64).and_then(|lot| usize::try_from(lot).ok());
                Some(lot.and_then(|lot| others().nth(lot)).map_or(best, |(at, _)| at))
            }
        }
        // Where all the weights are 0, the order decides.
        .or_else(|| ready().next().map(|(at, _)| at))
    }
}

/// One call in so many goes to another one than the fastest.
const EXPLORED: u64 = 20;

/// How a target stands when a call is about to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// It is not parked and has a free place.
    pub(super) ready: bool,
    pub(super) weight: u32,
    /// Calls under way.
    pub(super) busy: u32,
    pub(super) price: Option<f64>,
    pub(super) speed: Option<Duration>,
}

/// A number below `end`, of a random one; `None` when there is none.
fn below(random: u64, end: u64) -> Option<u64> {
    let scaled = (u128::from(random) * u128::from(end)) >> 64;
    (end > 0).then(|| u64::try_from(scaled).unwrap_or(0))
}

#[cfg(test)]
#[path = "strategy/tests.rs"]
mod tests;
