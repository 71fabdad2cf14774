//! Devices are started while the window of their zone is open, and early enough to be done before it closes.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::line::Line;
use super::queue::Queues;
use super::slot::{Slot, Spot};
use super::{Opening, Openings, Zone};

const DAY: Duration = Duration::from_secs(86_400);
/// So many weeks are looked through for the end of an opening.
const WEEKS: usize = 1_000;

/// The windows of all zones, and who waits for them.
pub(super) struct Zones {
    windows: Box<dyn Openings + Send>,
    zones: Vec<Lane>,
    /// How long a device takes, as far as is known.
    estimate: Duration,
    /// What was found holds from this time up to the next.
    seen: UnixNanos,
    edge: UnixNanos,
    /// How many wait, over all zones.
    pub(super) waiting: u32,
}

/// A zone.
#[derive(Clone, Copy, Debug)]
struct Lane {
    /// Who waits for it to open.
    line: Line,
    /// Whether a device may be started.
    open: bool,
    /// Whether it does not open any more for this rollout.
    over: bool,
    /// What was told of it last, and when; before the first time as of something that is over.
    asked: UnixNanos,
    told: Opening,
    /// When it closes for the last time, where that is known.
    last: Option<UnixNanos>,
    /// When it is open next, if it is closed or not open for long enough.
    next: Option<UnixNanos>,
}

impl Lane {
    const NEW: Self = Self {
        line: Line::EMPTY,
        open: false,
        over: false,
        asked: UnixNanos::EPOCH,
        told: Opening::Closed { next: Some(UnixNanos::EPOCH) },
        last: None,
        next: None,
    };

    /// Until when what was told of it holds.
    fn holds_until(&self) -> Option<UnixNanos> {
        match self.told {
            Opening::Open { until } => Some(until.unwrap_or(self.asked.saturating_add(DAY))),
            Opening::Closed { next } => next,
        }
    }

    /// The last time at which something that takes so long may be started; none while it is closed.
    fn last_start(&self, needed: Duration) -> Option<UnixNanos> {
        let needed = u64::try_from(needed.as_nanos()).unwrap_or(u64::MAX);
        match self.told {
            Opening::Open { until: None } => Some(UnixNanos::from_nanos(u64::MAX)),
            Opening::Open { until: Some(until) } => until.as_nanos().checked_sub(needed).map(UnixNanos::from_nanos),
            Opening::Closed { .. } => None,
        }
    }

    /// Whether its opening is over, now that this is told.
    fn ends_with(&self, told: Opening, now: UnixNanos) -> bool {
        match (self.told, told) {
            (Opening::Open { .. }, Opening::Closed { .. }) => true,
            // Time went past the end, and on to the next opening.
            (Opening::Open { until: Some(until) }, Opening::Open { .. }) => until <= now,
            _ => false,
        }
    }
}

/// What happened to windows.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// These are over, and what is in hands is to be stopped.
    pub(super) stop: Vec<Zone>,
    /// These are over for good. Nobody is in their lines any more.
    pub(super) over: Vec<Zone>,
}

impl Zones {
    pub(super) fn new(windows: Box<dyn Openings + Send>) -> Self {
        let now = UnixNanos::EPOCH;
        Self { windows, zones: Vec::new(), estimate: Duration::ZERO, seen: now, edge: now, waiting: 0 }
    }

    /// Makes room for the zone of a device.
    pub(super) fn know(&mut self, zone: u16) {
        if usize::from(zone) >= self.zones.len() {
            self.zones.resize(usize::from(zone) + 1, Lane::NEW);
            self.look_again();
        }
    }

    /// Looks at the windows again at the next turn.
    pub(super) fn look_again(&mut self) {
        self.edge = UnixNanos::EPOCH;
    }

    /// Sets how long a device takes.
    pub(super) fn estimate(&mut self, estimate: Duration) {
        if self.estimate != estimate {
            self.estimate = estimate;
            self.look_again();
        }
    }

    /// Lets a device pass, or makes it wait for its zone. Whether it passes.
    pub(super) fn enter(&mut self, place: u32, slots: &mut [Slot]) -> bool {
        let slot = &mut slots[place as usize];
        let Some(lane) = self.zones.get_mut(usize::from(slot.zone)).filter(|lane| !lane.open) else { return true };
        slot.spot = Spot::Zone;
        lane.line.push(place, slots);
        self.waiting += 1;
        false
    }

    /// Whether a zone does not open any more.
    pub(super) fn is_over(&self, zone: u16) -> bool {
        self.zones.get(usize::from(zone)).is_some_and(|lane| lane.over)
    }

    /// Nobody waits any more.
    pub(super) fn disband(&mut self) {
        for lane in &mut self.zones {
            lane.line = Line::EMPTY;
        }
        self.waiting = 0;
    }

    /// Looks at the windows, if anything may have changed, and queues those whose zone is open. `started` is when the
    /// rollout did.
    pub(super) fn turn(
        &mut self,
        now: UnixNanos,
        started: Option<UnixNanos>,
        slots: &mut [Slot],
        queues: &mut Queues,
    ) -> Turned {
        let mut turned = Turned::default();
        if self.seen <= now && now < self.edge {
            return turned;
        }
        let needed = self.estimate.max(self.windows.reserve());
        let mut edge = now.saturating_add(DAY);
        for (zone, lane) in (0..).map(Zone).zip(&mut self.zones).filter(|(_, lane)| !lane.over) {
            if lane.asked > now || lane.holds_until().is_some_and(|until| until <= now) {
                let told = self.windows.at(zone, now);
                if lane.ends_with(told, now) && self.windows.stops() {
                    turned.stop.push(zone);
                }
                (lane.told, lane.asked) = (told, now);
            }
            if let Some(started) = started {
                if lane.told == (Opening::Closed { next: None }) {
                    lane.last = Some(now);
                } else if self.windows.only_first() && lane.last.is_none() {
                    lane.last = first_end(&*self.windows, zone, started, now);
                }
            }
            lane.over = started.is_some() && lane.last.is_some_and(|last| last <= now);
            let last_start = lane.last_start(needed);
            lane.open = !lane.over && last_start.is_some_and(|last| now <= last);
            if lane.over {
                turned.over.push(zone);
                while lane.line.pop(slots).is_some() {
                    self.waiting -= 1;
                }
                continue;
            }
            lane.next = match lane.told {
                Opening::Closed { next } => next,
                Opening::Open { until: Some(until) } if !lane.open => {
                    // Asked once for each opening.
                    lane.next.filter(|next| *next >= until).or_else(|| next_from(&*self.windows, zone, until))
                }
                Opening::Open { .. } => None,
            };
            let shuts = last_start.filter(|last| now <= *last).map(|last| last.saturating_add(Duration::from_nanos(1)));
            edge = [lane.holds_until(), lane.last, shuts].into_iter().flatten().fold(edge, UnixNanos::min);
            while lane.open {
                let Some(place) = lane.line.pop(slots) else { break };
                self.waiting -= 1;
                queues.push(place, &mut slots[place as usize]);
            }
        }
        (self.seen, self.edge) = (now, edge);
        turned
    }

    /// When something changes next.
    pub(super) fn edge(&self) -> UnixNanos {
        self.edge
    }

    /// When the first zone for which somebody waits opens.
    pub(super) fn opens_at(&self) -> Option<UnixNanos> {
        self.zones.iter().filter(|lane| !lane.line.is_empty()).filter_map(|lane| lane.next).min()
    }
}

/// When a zone is open from this time on.
fn next_from(windows: &dyn Openings, zone: Zone, at: UnixNanos) -> Option<UnixNanos> {
    match windows.at(zone, at) {
        Opening::Open { .. } => Some(at),
        Opening::Closed { next } => next,
    }
}

/// When the first opening after the start ends, as far as it is known now.
fn first_end(windows: &dyn Openings, zone: Zone, started: UnixNanos, now: UnixNanos) -> Option<UnixNanos> {
    let mut at = started;
    for _ in 0..WEEKS {
        if at > now {
            return None;
        }
        at = match windows.at(zone, at) {
            Opening::Open { until: Some(until) } => return Some(until),
            Opening::Open { until: None } => at.saturating_add(7 * DAY),
            Opening::Closed { next } => next?,
        };
    }
    None
}
