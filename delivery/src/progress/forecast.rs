//! The time that is left, as it is told: it moves closer as it likes, and away only with a reason.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::outlook::{Outlook, waits_for_somebody};
use super::{Eta, Later};
use crate::record::Hold;

/// Until so long after it was looked at closely, what is told only counts down, unless something happened.
const REST: Duration = Duration::from_millis(250);
/// An end that would be later by no more than this share of the time that is left, and one device's time, is not told:
/// what is seen of the devices is no more exact.
const TOLERANCE: f64 = 0.1;

/// What was told of a rollout's end, so that what is told next follows from it.
///
/// - An end that comes closer is told by halves of the way, so that a few quick devices do not promise too much.
/// - One that moves away is not told as long as it is within what the devices differ anyway.
/// - Beyond that it is told, with a reason, which stays until the end is no later than the earliest that was ever told.
#[derive(Debug, Default)]
pub(crate) struct Forecast {
    told: Option<Told>,
    later: Option<Later>,
    looked: Option<UnixNanos>,
    last: Seen,
    /// Devices that were left, as it was seen last.
    devices: u64,
    /// How long windows keep the rest waiting, as it was seen last.
    closed: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    ends: [UnixNanos; 2],
    earliest: [UnixNanos; 2],
}

/// What makes for another look, and for a reason.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    hold: Option<Hold>,
    failed: u64,
    deferred: u64,
    last_due: Option<UnixNanos>,
    at_once: usize,
    phases: usize,
}

impl Forecast {
    /// What is to be told now.
    pub(crate) fn look(&mut self, outlook: &Outlook<'_>, now: UnixNanos) -> Eta {
        if outlook.devices == 0 && outlook.phases.iter().all(|ahead| ahead.soak.is_zero()) {
            return Eta::DONE;
        }
        let seen = Seen::of(outlook);
        let rested = self.looked.is_none_or(|looked| now < looked || now.since(looked) >= REST);
        let overdue = self.told.is_some_and(|told| told.ends.iter().any(|end| *end < now));
        if self.told.is_none() || rested || overdue || seen != self.last {
            self.look_closely(outlook, &seen, now);
            (self.last, self.devices, self.looked) = (seen, outlook.devices, Some(now));
        }
        match self.told {
            Some(told) if !outlook.waits() => {
                let [p50, p90] = told.ends.map(|end| Some(end.since(now)));
                Eta::of(p50, p90, self.later)
            }
            _ => Eta::of(None, None, self.later),
        }
    }

    fn look_closely(&mut self, outlook: &Outlook<'_>, seen: &Seen, now: UnixNanos) {
        let Some(finish) = outlook.finish(now) else {
            if outlook.waits() {
                self.later = outlook.hold.map(Later::of);
            }
            return;
        };
        let new = [finish.p50, finish.p90];
        let Some(told) = &mut self.told else {
            self.told = Some(Told { ends: new, earliest: new });
            self.closed = finish.closed;
            self.later = None;
            return;
        };
        let moved = [step(told.ends[0], new[0], finish.grain, now), step(told.ends[1], new[1], finish.grain, now)];
        let away = moved[0] > told.ends[0] || moved[1] > told.ends[1];
        told.ends = [moved[0], moved[1].max(moved[0])];
        told.earliest = [told.earliest[0].min(told.ends[0]), told.earliest[1].min(told.ends[1])];
        if told.ends == told.earliest {
            self.later = None;
        } else if away || told.ends[1] > moved[1] {
            self.later = Some(reason(&self.last, seen, finish.closed > self.closed, outlook.devices > self.devices));
        }
        self.closed = finish.closed;
    }
}

impl Seen {
    fn of(outlook: &Outlook<'_>) -> Self {
        Self {
            hold: outlook.hold.cloned(),
            failed: outlook.failed,
            deferred: outlook.deferred,
            last_due: outlook.last_due,
            at_once: outlook.at_once,
            phases: outlook.phases.len(),
        }
    }
}

/// What is told after `told`, now that the end would be `new`.
fn step(told: UnixNanos, new: UnixNanos, grain: Duration, now: UnixNanos) -> UnixNanos {
    if new <= told {
        let closer = Duration::from_nanos(told.since(new).as_nanos().div_ceil(2).try_into().unwrap_or(u64::MAX));
        return told_before(told, closer).max(new);
    }
    let tolerance = told.since(now).mul_f64(TOLERANCE).saturating_add(grain);
    if told >= now && new.since(told) <= tolerance { told } else { new }
}

fn told_before(told: UnixNanos, by: Duration) -> UnixNanos {
    UnixNanos::from_nanos(told.as_nanos().saturating_sub(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
}

/// Why the end moved away.
fn reason(last: &Seen, seen: &Seen, closed: bool, more: bool) -> Later {
    match &last.hold {
        Some(hold) if waits_for_somebody(hold) => Later::of(hold),
        _ if more => Later::MoreDevices,
        _ if closed => Later::WindowClosed,
        _ if seen.at_once < last.at_once => Later::FewerAtOnce,
        _ if seen.deferred > last.deferred || seen.last_due > last.last_due => Later::Deferred,
        _ if seen.failed > last.failed => Later::Failures,
        _ => Later::Slower,
    }
}
