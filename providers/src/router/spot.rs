//! A target in use: its calls under way, its health, how quick it is.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_backoff::{HedgeDelay, HedgeQuantile};
use steadfast_clock::{Clock, Nanos, SharedTimer};

use super::health::Health;
use super::speed::Speed;
use super::strategy::Standing;
use super::{Parked, Target, TargetReport};
use crate::{Call, Error, ErrorKind, Identity};

/// A target in use. Routers over the same targets share it.
pub(super) struct Spot {
    pub(super) target: Target,
    /// Targets of one group have the same number.
    pub(super) group: usize,
    /// What a million tokens cost.
    pub(super) price: Option<f64>,
    busy: AtomicU32,
    asked: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    lasting: Mutex<Lasting>,
    /// How long answers take, where hedging wants to know.
    tails: Option<[HedgeQuantile; 2]>,
}

#[derive(Default)]
struct Lasting {
    health: Health,
    /// Of plain calls and of streams.
    speeds: [Speed; 2],
}

/// What is waited for: a whole answer, or the first piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Whole,
    FirstToken,
}

impl Spot {
    pub(super) fn new(target: Target, group: usize, tails: Option<[HedgeQuantile; 2]>) -> Self {
        let [asked, answered, failed] = [(); 3].map(|()| AtomicU64::new(0));
        let (price, busy) = (target.known_price(), AtomicU32::new(0));
        Self { target, group, price, busy, asked, answered, failed, lasting: Mutex::default(), tails }
    }

    fn lasting(&self) -> MutexGuard<'_, Lasting> {
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who would answer, as far as the key goes.
    fn who(&self) -> Option<Identity> {
        self.target.provider.identity(&Call::of([]))
    }

    /// Why it is passed over, if it is.
    pub(super) fn parked(&self, now: Nanos) -> Option<ErrorKind> {
        self.lasting().health.parked(now, || self.who()).map(|(why, _)| why)
    }

    pub(super) fn unpark(&self) {
        self.lasting().health.unpark();
    }

    pub(super) fn has_place(&self) -> bool {
        self.target.places.is_none_or(|places| self.busy.load(Ordering::Relaxed) < places.get())
    }

    pub(super) fn continues(&self) -> bool {
        self.target.continues.unwrap_or_else(|| self.target.provider.capabilities().continues)
    }

    pub(super) fn standing(&self, pace: Pace, now: Nanos) -> Standing {
        let mut lasting = self.lasting();
        Standing {
            ready: self.has_place() && lasting.health.parked(now, || self.who()).is_none(),
            weight: self.target.weight,
            busy: self.busy.load(Ordering::Relaxed),
            price: self.price,
            speed: lasting.speeds[pace as usize].mean(),
        }
    }

    /// How long an answer may take before another target is asked beside this one, by its own experience.
    pub(super) fn tail(&self, pace: Pace) -> Option<Duration> {
        self.tails.as_ref().and_then(|tails| tails[pace as usize].delay())
    }

    /// Another target was faster than a call that was under way here for so long: it would have taken longer still.
    pub(super) fn outrun(&self, pace: Pace, took: Duration, now: Nanos) {
        if let Some(tails) = &self.tails {
            tails[pace as usize].observe(took);
        }
        self.lasting().speeds[pace as usize].observe(took, now);
    }

    pub(super) fn report(&self, now: Nanos) -> TargetReport {
        let mut lasting = self.lasting();
        let parked = lasting.health.parked(now, || self.who());
        TargetReport {
            name: self.target.provider.name().to_owned(),
            model: self.target.provider.model().to_owned(),
            group: self.target.group.as_deref().map(str::to_owned),
            in_flight: self.busy.load(Ordering::Relaxed),
            asked: self.asked.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            parked: parked.map(|(why, left)| Parked::new(why, left)),
            latency: lasting.speeds[Pace::Whole as usize].mean(),
            first_token: lasting.speeds[Pace::FirstToken as usize].mean(),
        }
    }
}

/// One call that is under way at a target. Dropped, its place is free again.
pub(crate) struct Visit {
    pub(super) spot: Arc<Spot>,
    timer: SharedTimer,
    pace: Pace,
    started: Nanos,
    /// How long the target is parked when it does not say.
    parking: Duration,
    /// It was asked for its own model.
    own_model: bool,
    told: bool,
}

impl Visit {
    /// Takes a place; `None` when there is none left.
    pub(super) fn begin(
        spot: &Arc<Spot>,
        timer: &SharedTimer,
        pace: Pace,
        parking: Duration,
        own_model: bool,
    ) -> Option<Self> {
        let most = spot.target.places.map_or(u32::MAX, std::num::NonZeroU32::get);
        let taken = |busy: u32| Some(busy + 1).filter(|_| busy < most);
        spot.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).ok()?;
        spot.asked.fetch_add(1, Ordering::Relaxed);
        let (spot, timer) = (Arc::clone(spot), Arc::clone(timer));
        let started = timer.now();
        Some(Self { spot, timer, pace, started, parking, own_model, told: false })
    }

    /// The answer, or its first piece, is there.
    pub(crate) fn answered(&mut self) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        self.spot.answered.fetch_add(1, Ordering::Relaxed);
        let now = self.timer.now();
        let took = now.since(self.started);
        if let Some(tails) = &self.spot.tails {
            tails[self.pace as usize].observe(took);
        }
        let mut lasting = self.spot.lasting();
        lasting.speeds[self.pace as usize].observe(took, now);
        lasting.health.unpark();
    }

    /// There is no answer, or it broke off.
    pub(crate) fn failed(&mut self, error: &Error) {
        let now = self.timer.now();
        let began = std::mem::replace(&mut self.told, true);
        if !error.kind().falls_back() {
            return;
        }
        self.spot.failed.fetch_add(1, Ordering::Relaxed);
        let mut lasting = self.spot.lasting();
        if !began {
            lasting.speeds[self.pace as usize].failed(now.since(self.started), now);
        }
        lasting.health.failed(error, self.own_model, now, self.parking, || self.spot.who());
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.spot.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
