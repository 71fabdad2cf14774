//! When a window is open: its rules put together.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use super::{Window, Zone};
use crate::rfc3339::{timestamp, unix};

/// A window that has been open for so long is looked at no further: when it closes is told once that is nearer.
const FORESIGHT: SignedDuration = SignedDuration::from_hours(8 * 24);
/// So many openings are looked at for one that is long enough; only changes of the clocks make them differ much.
const TRIES: usize = 32;

/// A time during which a window is open, from its start up to its end, which is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Opening {
    /// When it opens, or the time that was asked for if it was open then.
    pub start: UnixNanos,
    /// When it closes; `None` if it does not within eight days.
    pub end: Option<UnixNanos>,
}

/// Whether a window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WindowState {
    /// It is open.
    Open {
        /// When it closes; `None` if it does not within eight days.
        until: Option<UnixNanos>,
    },
    /// It is closed.
    Closed {
        /// When it is open next; `None` if never again.
        next: Option<Opening>,
    },
}

/// When a device may be started so that it is done before its window closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Start {
    /// Now.
    Now {
        /// The last moment at which it still may, in this opening; `None` if the window does not close within eight days.
        #[serde(with = "crate::rfc3339")]
        last: Option<UnixNanos>,
    },
    /// Later.
    At {
        /// When: the window opens then.
        #[serde(with = "moment")]
        at: UnixNanos,
    },
    /// Never: all openings that follow are too short.
    TooShort {
        /// The longest of those that were looked at.
        #[serde(rename = "longest_s", with = "crate::attempt::seconds")]
        longest: Duration,
    },
    /// Never: no opening follows.
    Over,
}

impl Opening {
    /// How long it lasts; `None` if it does not end within eight days.
    #[must_use]
    pub fn length(&self) -> Option<Duration> {
        self.end.map(|end| end.since(self.start))
    }

    /// The last moment at which something that takes so long may be started; `None` if it never fits. Where the end is
    /// not known, everything fits.
    #[must_use]
    pub fn last_start(&self, takes: Duration) -> Option<UnixNanos> {
        let Some(end) = self.end else { return Some(UnixNanos::from_nanos(u64::MAX)) };
        (end.since(self.start) >= takes).then(|| before(end, takes))
    }
}

impl Window {
    /// Whether it is open at this time, by the clocks of this zone, and what comes next.
    ///
    /// The answer stays true until the end of what it tells, so it need not be asked for each device.
    #[must_use]
    pub fn state_at(&self, now: UnixNanos, zone: &Zone) -> WindowState {
        let at = timestamp(now);
        match self.covers(at, zone) {
            Some(end) => WindowState::Open { until: self.close(at, end, zone).map(told) },
            None => WindowState::Closed { next: self.next(at, zone).map(|(opening, _)| opening) },
        }
    }

    /// When it is open from this time on, by the clocks of this zone: apart from each other, in order, and without an end
    /// where it opens again and again. The last one is that whose end is not known, if there is one.
    pub fn openings(&self, from: UnixNanos, zone: &Zone) -> impl Iterator<Item = Opening> {
        let mut at = Some(timestamp(from));
        let mut open = at.and_then(|at| self.covers(at, zone));
        std::iter::from_fn(move || {
            let begin = at.take()?;
            let (opening, end) = match open.take() {
                Some(end) => {
                    let end = self.close(begin, end, zone);
                    (Opening { start: from, end: end.map(told) }, end)
                }
                None => self.next(begin, zone)?,
            };
            at = end;
            Some(opening)
        })
    }

    /// When a device that takes so long may be started, by the clocks of this zone. It is taken to need the
    /// [`reserve`](Self::reserve) at least.
    #[must_use]
    pub fn start_at(&self, now: UnixNanos, zone: &Zone, takes: Duration) -> Start {
        let takes = takes.max(self.reserve);
        let mut longest = None;
        for opening in self.openings(now, zone).take(TRIES) {
            let open = opening.start == now;
            match opening.length() {
                Some(length) if length < takes => longest = longest.max((!open).then_some(length)),
                _ if open => return Start::Now { last: opening.end.map(|end| before(end, takes)) },
                _ => return Start::At { at: opening.start },
            }
        }
        longest.map_or(Start::Over, |longest| Start::TooShort { longest })
    }

    /// Until when some rule holds it open at this moment; none if it is closed.
    fn covers(&self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let intervals = self.rules.iter().filter_map(|rule| rule.at_or_before(zone.rules(), at));
        intervals.map(|interval| interval.end).filter(|end| *end > at).max()
    }

    /// When it closes that is open since `start` and stays so until `end` at least.
    fn close(&self, start: Timestamp, mut end: Timestamp, zone: &Zone) -> Option<Timestamp> {
        while let Some(later) = self.covers(end, zone) {
            if end.duration_since(start) > FORESIGHT {
                return None;
            }
            end = later;
        }
        Some(end)
    }

    /// The first opening after this moment, at which it is closed.
    fn next(&self, at: Timestamp, zone: &Zone) -> Option<(Opening, Option<Timestamp>)> {
        let starts = self.rules.iter().filter_map(|rule| rule.after(zone.rules(), at));
        let start = starts.map(|interval| interval.start).min()?;
        let end = self.close(start, self.covers(start, zone)?, zone);
        Some((Opening { start: told(start), end: end.map(told) }, end))
    }
}

/// So much before this time.
fn before(at: UnixNanos, by: Duration) -> UnixNanos {
    let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    UnixNanos::from_nanos(at.as_nanos().saturating_sub(by))
}

/// As the clock tells it; what it cannot tell is its last moment.
fn told(at: Timestamp) -> UnixNanos {
    unix(at).unwrap_or(UnixNanos::from_nanos(u64::MAX))
}

/// A point in time that is always there, for serde.
mod moment {
    use serde::{Deserializer, Serializer};
    use steadfast_clock::UnixNanos;

    use crate::rfc3339;

    pub(super) fn serialize<S: Serializer>(at: &UnixNanos, serializer: S) -> Result<S::Ok, S::Error> {
        rfc3339::serialize(&Some(*at), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixNanos, D::Error> {
        rfc3339::deserialize(deserializer)?.ok_or_else(|| serde::de::Error::custom("a time is missing"))
    }
}
