//! Work that is carried out in thought: so many devices, so many at once, while windows are open.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use crate::window::{Window, Zone};

/// So many openings of a zone are looked at.
const OPENINGS: usize = 400;
/// So often it is looked what changes next; work that is not done by then is not foreseen to end.
const TURNS: usize = 4000;

/// What is to be done, and how fast.
///
/// Devices are a fluid: while windows are open, they are worked off at so many a second, those of all open zones in
/// proportion to how many are left of each, until the last one is begun: as a list of jobs is by several workers.
#[derive(Clone, Debug)]
pub(crate) struct Work<'a> {
    /// One after the other.
    pub(crate) steps: Vec<Step>,
    /// What a device takes.
    pub(crate) each: Duration,
    /// From the start of a step's last device to the end of all.
    pub(crate) last: Duration,
    /// How many are worked on at once; at least 1.
    pub(crate) at_once: f64,
    /// When devices may be worked on.
    pub(crate) window: Option<&'a Window>,
    /// How many of the devices are in which zone; of no account without a window.
    pub(crate) zones: &'a [(Zone, u64)],
    /// How long before the end of a window nothing is started any more, the window's reserve apart.
    pub(crate) fits: Duration,
}

/// Devices that are begun when all before them are done and were watched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Step {
    pub(crate) devices: u64,
    /// Not begun before.
    pub(crate) not_before: Option<UnixNanos>,
    /// How long it is watched.
    pub(crate) soak: Duration,
}

/// When what was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    /// The steps that come to an end, in order.
    pub(crate) spans: Vec<Span>,
    /// Whether all do.
    pub(crate) ends: bool,
    /// How long nothing was done because windows were closed.
    pub(crate) closed: Duration,
}

/// A step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// It may begin.
    pub(crate) begin: UnixNanos,
    /// Its last device is done.
    pub(crate) done: UnixNanos,
    /// It was watched.
    pub(crate) end: UnixNanos,
}

impl Timeline {
    /// Carries the work out from this time on.
    pub(crate) fn of(work: &Work<'_>, from: UnixNanos) -> Self {
        let mut zones: Vec<Part<'_>> = match work.window {
            Some(window) if !work.zones.is_empty() => {
                let fits = work.fits.max(window.reserve).as_secs_f64();
                work.zones.iter().map(|(zone, devices)| Part::new(*devices, window, zone, from, fits)).collect()
            }
            _ => vec![Part::always()],
        };
        let whole: f64 = zones.iter().map(|zone| zone.share).sum();
        let mut timeline = Self::default();
        let mut turns = TURNS;
        let mut at = 0.0;
        for step in &work.steps {
            at = step.not_before.map_or(at, |earliest| earliest.since(from).as_secs_f64().max(at));
            let begin = at;
            if step.devices > 0 {
                let fluid = (step.devices - 1) as f64;
                for zone in &mut zones {
                    zone.left = zone.share / whole.max(1.0) * fluid;
                    zone.open = zone.share > 0.0;
                }
                let speed = work.at_once.max(1.0) / work.each.as_secs_f64();
                let Some(done) = flow(&mut zones, at, speed, &mut turns, &mut timeline.closed) else { return timeline };
                at = done + work.last.as_secs_f64();
            }
            let done = at;
            at += step.soak.as_secs_f64();
            let moment = |at: f64| from.saturating_add(Duration::try_from_secs_f64(at).unwrap_or(Duration::MAX));
            timeline.spans.push(Span { begin: moment(begin), done: moment(done), end: moment(at) });
        }
        timeline.ends = true;
        timeline
    }

    /// When all of it is done and was watched.
    pub(crate) fn end(&self) -> Option<UnixNanos> {
        self.spans.last().filter(|_| self.ends).map(|span| span.end)
    }
}

/// The devices of a zone. Times are seconds from the beginning.
struct Part<'a> {
    share: f64,
    /// Devices that are to be begun.
    left: f64,
    /// Whether some are.
    open: bool,
    /// When devices may be begun, at present or next; ends included.
    slot: Option<(f64, f64)>,
    slots: Box<dyn Iterator<Item = (f64, f64)> + 'a>,
}

impl<'a> Part<'a> {
    fn new(devices: u64, window: &'a Window, zone: &'a Zone, from: UnixNanos, fits: f64) -> Self {
        let slots = window.openings(from, zone).take(OPENINGS).filter_map(move |opening| {
            let start = opening.start.since(from).as_secs_f64();
            let last = opening.end.map_or(f64::INFINITY, |end| end.since(from).as_secs_f64() - fits);
            (last >= start).then_some((start, last))
        });
        let mut slots = Box::new(slots);
        Self { share: devices as f64, left: 0.0, open: false, slot: slots.next(), slots }
    }

    fn always() -> Self {
        let slots = Box::new(std::iter::empty());
        Self { share: 1.0, left: 0.0, open: false, slot: Some((0.0, f64::INFINITY)), slots }
    }

    /// Passes over what is over.
    fn turn_to(&mut self, at: f64) {
        while self.slot.is_some_and(|(_, last)| last < at || (last == at && self.left > 0.0)) {
            self.slot = self.slots.next();
        }
    }
}

/// Works off what is left of all zones; when the last device is begun.
fn flow(zones: &mut [Part<'_>], mut at: f64, speed: f64, turns: &mut usize, closed: &mut Duration) -> Option<f64> {
    loop {
        *turns = turns.checked_sub(1)?;
        let (mut open, mut edge) = (0.0, f64::INFINITY);
        let mut any = false;
        for zone in zones.iter_mut().filter(|zone| zone.open) {
            zone.turn_to(at);
            let (start, last) = zone.slot?;
            if start <= at {
                (any, open, edge) = (true, open + zone.left, edge.min(last));
            } else {
                edge = edge.min(start);
            }
        }
        if !any {
            if zones.iter().all(|zone| !zone.open) {
                return Some(at);
            }
            *closed += Duration::try_from_secs_f64(edge - at).unwrap_or(Duration::ZERO);
            at = edge;
            continue;
        }
        // All that is open is done at the same time, or not before something changes.
        let done = at + open / speed;
        let left = if done <= edge { 0.0 } else { 1.0 - (edge - at) * speed / open };
        for zone in zones.iter_mut().filter(|zone| zone.open && zone.slot.is_some_and(|(start, _)| start <= at)) {
            zone.left *= left;
            zone.open = left > 0.0;
        }
        at = done.min(edge);
    }
}
