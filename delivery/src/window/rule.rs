//! One rule of a window: when it opens, and for how long.

use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::local::{latest_shown, moment};
use super::pattern::Pattern;

/// One rule of a [`Window`](super::Window): `02:00-04:00 mon-fri`, `0 2 * * sat for 2h` or `2026-12-01T02:00 for 4h`.
///
/// Prints as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct WindowRule {
    pub(super) text: String,
    pub(super) begin: Begin,
    pub(super) end: End,
}

/// When a rule opens a window.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Begin {
    /// Whenever the clocks match.
    Often(Pattern),
    /// When the clocks show this for the first time.
    Local(DateTime),
    /// At this moment.
    At(Timestamp),
}

/// When it closes.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum End {
    /// After so much elapsed time.
    After(Duration),
    /// When the clocks show so many minutes after the midnight before it opened.
    Clock(u32),
}

/// An interval, without its end.
#[derive(Clone, Copy)]
pub(super) struct Interval {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl WindowRule {
    /// The last interval that starts at this moment or before it. Its end is the latest of all that do. None if it
    /// surely is over.
    pub(super) fn at_or_before(&self, zone: &TimeZone, at: Timestamp) -> Option<Interval> {
        let interval = match &self.begin {
            Begin::At(start) => self.interval(zone, None, *start),
            Begin::Local(local) => self.interval(zone, Some(*local), moment(zone, *local)?),
            Begin::Often(pattern) => {
                let mut shown = latest_shown(zone, at);
                let first = shown.date().checked_sub(self.days().days()).ok()?;
                loop {
                    let local = pattern.at_or_before(shown, first)?;
                    let start = moment(zone, local)?;
                    if start <= at {
                        break self.interval(zone, Some(local), start);
                    }
                    shown = local.checked_sub(1.minute()).ok()?;
                }
            }
        }?;
        (interval.start <= at).then_some(interval)
    }

    /// The first interval that starts after this moment and is not empty.
    pub(super) fn after(&self, zone: &TimeZone, at: Timestamp) -> Option<Interval> {
        let interval = match &self.begin {
            Begin::At(start) => self.interval(zone, None, *start),
            Begin::Local(local) => self.interval(zone, Some(*local), moment(zone, *local)?),
            Begin::Often(pattern) => {
                let mut shown = zone.to_datetime(at);
                loop {
                    shown = pattern.after(shown)?;
                    let interval = self.interval(zone, Some(shown), moment(zone, shown)?)?;
                    if interval.start > at && interval.end > interval.start {
                        break Some(interval);
                    }
                }
            }
        }?;
        (interval.start > at && interval.end > interval.start).then_some(interval)
    }

    fn interval(&self, zone: &TimeZone, local: Option<DateTime>, start: Timestamp) -> Option<Interval> {
        let end = match (&self.end, local) {
            (End::Clock(minutes), Some(local)) => {
                let midnight = local.date().to_datetime(Time::midnight());
                moment(zone, midnight.checked_add(i64::from(*minutes).minutes()).ok()?)?
            }
            (End::After(length), _) => {
                start.saturating_add(SignedDuration::try_from(*length).unwrap_or(SignedDuration::MAX)).ok()?
            }
            (End::Clock(_), None) => return None,
        };
        Some(Interval { start, end: end.max(start) })
    }

    /// An interval that started so many days ago is over; none of the zones ever skipped more than a day.
    fn days(&self) -> i64 {
        const DAY: u64 = 24 * 60 * 60;
        match self.end {
            End::Clock(_) => 4,
            End::After(length) => i64::try_from(length.as_secs() / DAY).unwrap_or(0) + 3,
        }
    }
}
