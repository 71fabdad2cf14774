//! Additive increase, multiplicative decrease: arithmetic over one 64-bit level.

use core::fmt;
use core::num::NonZeroU32;

/// The rule by which an adaptive limit moves: up by so many a round while it is used up, down to a part of itself on
/// overload, at most once a round.
///
/// Additive increase and multiplicative decrease is what converges to an efficient and fair share (D.-M. Chiu and
/// R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks", 1989); TCP
/// and Netflix's concurrency-limits do so. From TCP are the two conditions: one decrease a round, however many of
/// its calls fail (RFC 6582), and no increase by those who do not use the limit up (RFC 7661). A round is what began
/// between two decreases; how calls of an earlier one end says nothing about the present limit.
///
/// ```
/// use steadfast_ratelimit::{Aimd, Sample, Signal};
///
/// # fn main() -> Result<(), steadfast_ratelimit::AimdError> {
/// let aimd = Aimd::new(1, 100)?.start(20)?.decrease_to(0.9)?;
/// let first = aimd.first();
/// let begun = Sample::new(first, 20);
/// let second = aimd.on(first, Signal::Overload, begun);
/// assert_eq!(second.limit().get(), 18);
/// assert_eq!(aimd.on(second, Signal::Overload, begun), second, "it began before the decrease");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aimd {
    min: u32,
    max: u32,
    start: u32,
    increase: u32,
    decrease_to: f64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// Well, and in good time.
    Success,
    /// The other side had too much to do: it said so, or it timed out.
    Overload,
}

/// Where an adaptive limit stands: the limit with its fraction, and the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Level {
    /// In 1/65,536: 48 bits.
    limit: u64,
    round: u16,
}

/// What is known of a call since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sample {
    round: u16,
    in_flight: u32,
}

/// What can be wrong with an [`Aimd`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AimdError {
    /// A `min` of zero.
    ZeroMin,
    /// A `max` below `min`.
    MaxBelowMin {
        /// The lowest limit.
        min: u32,
        /// The highest limit.
        max: u32,
    },
    /// A start outside of `min ..= max`.
    StartOutside(u32),
    /// An increase of zero.
    ZeroIncrease,
    /// A decrease to less than nothing, or to no less than before.
    Decrease(f64),
}

const ONE: u64 = 1 << 16;

impl Aimd {
    /// Between `min` and `max`; starts at `min`, rises by 1 a round, falls to 0.9.
    ///
    /// # Errors
    ///
    /// When `min` is zero, or `max` below it.
    pub const fn new(min: u32, max: u32) -> Result<Self, AimdError> {
        if min == 0 {
            return Err(AimdError::ZeroMin);
        }
        if max < min {
            return Err(AimdError::MaxBelowMin { min, max });
        }
        Ok(Self { min, max, start: min, increase: 1, decrease_to: 0.9 })
    }

    /// Sets the first limit.
    ///
    /// # Errors
    ///
    /// When it is outside of `min ..= max`.
    pub const fn start(mut self, limit: u32) -> Result<Self, AimdError> {
        if limit < self.min || limit > self.max {
            return Err(AimdError::StartOutside(limit));
        }
        self.start = limit;
        Ok(self)
    }

    /// Sets by how many the limit rises in a round of as many successes as it allows.
    ///
    /// # Errors
    ///
    /// When it is zero.
    pub const fn increase(mut self, permits: u32) -> Result<Self, AimdError> {
        if permits == 0 {
            return Err(AimdError::ZeroIncrease);
        }
        self.increase = permits;
        Ok(self)
    }

    /// Sets what part of itself the limit falls to: 0.0 .. 1.0.
    ///
    /// # Errors
    ///
    /// When it is below 0, not below 1, or no number.
    pub const fn decrease_to(mut self, ratio: f64) -> Result<Self, AimdError> {
        if !(ratio >= 0.0 && ratio < 1.0) {
            return Err(AimdError::Decrease(ratio));
        }
        self.decrease_to = ratio;
        Ok(self)
    }

    /// The lowest limit.
    #[must_use]
    pub const fn min(&self) -> u32 {
        self.min
    }

    /// The highest limit.
    #[must_use]
    pub const fn max(&self) -> u32 {
        self.max
    }

    /// The level to start from.
    #[must_use]
    pub const fn first(&self) -> Level {
        Level { limit: self.start as u64 * ONE, round: 0 }
    }

    /// The level after a call of this kind has ended.
    #[must_use]
    pub fn on(&self, level: Level, signal: Signal, sample: Sample) -> Level {
        if sample.round != level.round {
            return level;
        }
        match signal {
            Signal::Success if sample.in_flight < level.limit().get() => level,
            Signal::Success => {
                let step = (u64::from(self.increase) * ONE * ONE).checked_div(level.limit).unwrap_or(ONE).max(1);
                Level { limit: (level.limit + step).min(u64::from(self.max) * ONE), round: level.round }
            }
            Signal::Overload => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "48 bits, and less of them"
                )]
                let limit = (level.limit as f64 * self.decrease_to + 0.5) as u64;
                let limit = limit.max(u64::from(self.min) * ONE);
                Level { limit, round: level.round.wrapping_add(1) }
            }
        }
    }

    #[cfg(feature = "serde")]
    pub(super) const fn parts(&self) -> (u32, u32, u32, u32, f64) {
        (self.min, self.max, self.start, self.increase, self.decrease_to)
    }
}

impl Level {
    /// The limit, rounded down.
    #[must_use]
    pub fn limit(self) -> NonZeroU32 {
        u32::try_from(self.limit / ONE).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }

    /// As one word, for an atomic.
    #[must_use]
    pub const fn into_bits(self) -> u64 {
        self.limit << 16 | self.round as u64
    }

    /// From one word.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self { limit: bits >> 16, round: (bits & 0xffff) as u16 }
    }
}

impl Sample {
    /// A call that begins at this level, with so many in flight, itself included.
    #[must_use]
    pub const fn new(level: Level, in_flight: u32) -> Self {
        Self { round: level.round, in_flight }
    }
}

impl fmt::Display for AimdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroMin => f.write_str("aimd: min must be at least 1"),
            Self::MaxBelowMin { min, max } => write!(f, "aimd: max {max} is below min {min}"),
            Self::StartOutside(start) => write!(f, "aimd: start {start} is outside of min ..= max"),
            Self::ZeroIncrease => f.write_str("aimd: increase must be at least 1"),
            Self::Decrease(ratio) => write!(f, "aimd: decrease_to {ratio} is not within 0.0 .. 1.0"),
        }
    }
}

impl core::error::Error for AimdError {}
