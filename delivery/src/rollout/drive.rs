//! The driver: asks the machine what may be begun, has it written, begun and told, and tells the machine what came of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use steadfast_clock::{Clock as _, Nanos, Timer as _, UnixNanos};

use super::chore::Chores;
use super::floor::Floor;
use super::inbox::Note;
use super::job::{Ask, Held, Job};
use super::journal::Journal;
use super::limit::Limit;
use super::numbers::Numbers;
use super::order::Order;
use super::past::Past;
use super::series::Levels;
use super::shared::Shared;
use super::shelf::Shelf;
use crate::engine::{Engine, Moved};
use crate::error::{Error, ErrorKind};
use crate::failure::Stage;
use crate::record::{DeviceState, EventKind, Hold, RolloutState, RolloutStatus};
use crate::store::{DeviceChange, Place, RolloutChange, Target};
use crate::strategy::Strategy;

/// How many devices are begun with one commit at most.
const RANGE: usize = 1024;
/// No device is begun while so many changes wait to be written.
const BACKLOG: usize = 8 * 1024;
/// How many devices are settled with one commit.
const SETTLED: usize = 1024;
/// After this, calendar time is looked at again: a clock may have been set.
const WALL_EVERY: Duration = Duration::from_secs(60);
/// How often figures are written for those who only read.
const FIGURES_EVERY: Duration = Duration::from_secs(1);

/// What a driver is told once.
pub(super) struct Terms {
    pub(super) concurrency: usize,
    pub(super) total: u32,
    pub(super) leave_when_paused: bool,
    pub(super) strategy: Strategy,
    /// Of sites and zones.
    pub(super) numbers: Numbers,
    pub(super) commands_done: u64,
}

/// How a rollout was left, or ended.
pub(super) struct Over {
    pub(super) status: RolloutStatus,
    /// The devices that are to be brought back.
    pub(super) back: Vec<Place>,
}

/// Drives one rollout.
pub(super) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) floor: Arc<Floor>,
    pub(super) engine: Engine,
    pub(super) journal: Journal,
    pub(super) chores: Chores,
    pub(super) terms: Terms,
    pub(super) limit: Limit,
    /// How many devices are claimed.
    pub(super) hands: usize,
    /// What is known of devices that were begun, are not in hands and not done.
    pub(super) pasts: HashMap<Place, Past>,
    /// Where devices are reached now that were heard of.
    pub(super) moved_to: HashMap<Place, String>,
    /// Devices that the machine has settled, to be written.
    pub(super) settling: VecDeque<(VecDeque<Place>, DeviceState)>,
    pub(super) leaving: bool,
    /// Why it is left.
    pub(super) trouble: Option<Error>,
    /// The devices that are to be brought back.
    pub(super) back: Vec<Place>,
    shelf: Shelf,
    levels: Levels,
    /// Whether the last figures are written before it is left.
    parted: bool,
    fetching: Option<Fetching>,
    told_hold: Option<Hold>,
    figures_at: Nanos,
    /// When the machine is told again how long devices take.
    estimated_at: Nanos,
    /// How it ended, when that is written.
    last: Option<RolloutStatus>,
}

/// Records of devices on their way, and what for.
struct Fetching {
    places: Vec<Place>,
    /// To be begun when `None`, to be settled so otherwise.
    to: Option<DeviceState>,
    records: BoxFuture<'static, Result<Vec<Target>, Error>>,
}

/// Stops all that still runs, whatever way a driver ends.
struct Closing(Arc<Floor>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

enum Turn {
    Kept(Result<Vec<Held>, Error>),
    Fetched(Result<Vec<Target>, Error>),
    Chore(super::chore::Chore),
    Told,
    Time,
}

impl Driver {
    pub(super) fn new(floor: Arc<Floor>, engine: Engine, journal: Journal, chores: Chores, terms: Terms) -> Self {
        let shared = Arc::clone(&floor.shared);
        let figures_at = shared.timer.now().saturating_add(FIGURES_EVERY);
        let levels = Levels::new(shared.series.clone());
        Self {
            shared,
            floor,
            engine,
            journal,
            chores,
            limit: Limit::new(terms.concurrency),
            terms,
            hands: 0,
            pasts: HashMap::new(),
            moved_to: HashMap::new(),
            settling: VecDeque::new(),
            leaving: false,
            trouble: None,
            back: Vec::new(),
            estimated_at: Nanos::ZERO,
            shelf: Shelf::default(),
            levels,
            parted: false,
            fetching: None,
            told_hold: None,
            figures_at,
            last: None,
        }
    }

    pub(super) fn order(&self) -> &Order {
        &self.floor.order
    }

    /// Drives until the end, or until nothing is in flight and it is to be left.
    pub(super) async fn run(mut self) -> Result<Over, Error> {
        let _closing = Closing(Arc::clone(&self.floor));
        let mut notes = Vec::new();
        loop {
            let (now, wall) = (self.shared.timer.now(), self.shared.wall());
            self.shared.inbox.take(&mut notes);
            for note in notes.drain(..) {
                self.note(note, wall);
            }
            if self.engine.wake_at().is_some_and(|at| at <= wall) {
                self.engine.tick(wall);
            }
            self.follow(wall);
            self.claim(wall);
            self.follow(wall);
            self.fetch_settled();
            self.finish(wall);
            self.figures(now, wall);
            self.levels.tell(self.hands, self.limit.now());
            self.journal.write();
            self.chores.begin(now);
            self.part(wall);
            if self.journal.is_idle() && !self.chores.is_new() {
                if let Some(error) = self.trouble.take().filter(|_| self.is_quiet()) {
                    return Err(error);
                }
                let left = || self.is_left().then(|| self.status());
                if let Some(status) = self.last.clone().or_else(left) {
                    return Ok(Over { status, back: self.back });
                }
            }
            match self.turn(now, wall).await {
                Turn::Kept(released) => self.floor.release(released?),
                Turn::Fetched(records) => self.fetched(records?, self.shared.wall()),
                Turn::Chore(chore) => self.chore(chore, self.shared.wall())?,
                Turn::Told | Turn::Time => {}
            }
        }
    }

    /// Waits for whatever comes first.
    async fn turn(&mut self, now: Nanos, wall: UnixNanos) -> Turn {
        // While all hands are full, nothing follows from a deferral that is over.
        let wake =
            self.engine.wake_at().filter(|_| self.hands < self.limit.now() || self.terms.strategy.window.is_some());
        let wake = wake.map(|at| now.saturating_add(at.since(wall).min(WALL_EVERY)));
        let due = [wake, self.chores.due(), self.figures_due()].into_iter().flatten().min();
        let shared = &self.shared;
        let time = async {
            match due {
                Some(due) => shared.timer.sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let fetched = async {
            match &mut self.fetching {
                Some(fetching) => (&mut fetching.records).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            kept = self.journal.kept() => Turn::Kept(kept),
            records = fetched => Turn::Fetched(records),
            () = shared.inbox.told() => Turn::Told,
            chore = self.chores.done() => Turn::Chore(chore),
            () = time => Turn::Time,
        }
    }

    /// Claims as many devices as there are free hands.
    fn claim(&mut self, wall: UnixNanos) {
        // A device that is pending again is claimed when that is written.
        let reopened = self.settling.iter().any(|(_, to)| *to == DeviceState::Pending);
        if self.fetching.is_some()
            || self.leaving
            || reopened
            || self.chores.is_new()
            || self.chores.is_joining()
            || self.journal.waiting() > BACKLOG
        {
            return;
        }
        let free = self.limit.now().saturating_sub(self.hands).min(RANGE);
        if free == 0 {
            return;
        }
        self.estimate();
        let mut places = Vec::new();
        self.engine.claim(free, wall, &mut places);
        if places.is_empty() {
            return;
        }
        if self.floor.order.artifact.is_changed() {
            places.iter().for_each(|place| self.engine.unclaim(*place));
            return self.changed(wall);
        }
        self.hands += places.len();
        let missing: Vec<Place> = places.iter().copied().filter(|place| !self.shelf.has(*place)).collect();
        if missing.is_empty() {
            self.begin(&places, wall);
        } else {
            let page = Shelf::page_of(&missing, self.terms.total);
            self.fetch(places, page, None);
        }
    }

    /// Tells the machine how long devices take, so that it starts none that its window would end before.
    fn estimate(&mut self) {
        let now = self.shared.timer.now();
        if self.terms.strategy.window.is_some() && now >= self.estimated_at {
            self.estimated_at = now.saturating_add(FIGURES_EVERY);
            if let Some(takes) = self.shared.board.takes() {
                self.engine.set_estimate(takes);
            }
        }
    }

    /// The artifact is not what it was: nothing more is sent, and nobody can go on with it here.
    pub(super) fn changed(&mut self, wall: UnixNanos) {
        if self.leaving && self.trouble.is_some() {
            return;
        }
        let what = self.floor.order.artifact.changed().unwrap_or_else(|| String::from("the artifact changed"));
        self.engine.pause_for(&what, wall);
        self.leaving = true;
        let id = &self.shared.id;
        let message = format!("{what}: rollout {id} is paused; put the artifact back as it was and resume it");
        self.trouble = Some(Error::new(ErrorKind::Artifact, message));
    }

    fn fetch(&mut self, places: Vec<Place>, page: Vec<Place>, to: Option<DeviceState>) {
        let shared = Arc::clone(&self.shared);
        let records = Box::pin(async move { shared.store.targets(&shared.id, &page).await });
        self.fetching = Some(Fetching { places, to, records });
    }

    /// Fetches the records of devices that were settled, since events name devices.
    fn fetch_settled(&mut self) {
        if self.fetching.is_some() || self.chores.is_joining() || self.journal.waiting() > BACKLOG {
            return;
        }
        let Some((places, to)) = self.settling.front_mut() else { return };
        let to = *to;
        let chunk: Vec<Place> = places.drain(..places.len().min(SETTLED)).collect();
        if places.is_empty() {
            self.settling.pop_front();
        }
        self.fetch(chunk.clone(), chunk, Some(to));
    }

    fn fetched(&mut self, records: Vec<Target>, wall: UnixNanos) {
        let Some(Fetching { places, to, .. }) = self.fetching.take() else { return };
        match to {
            None => {
                let mut records = records.into_iter();
                for place in places {
                    // What is not on the shelf was fetched, in this order.
                    if let Some(target) = self.shelf.take(place).or_else(|| records.next()) {
                        self.begin_one(target, wall);
                    }
                }
                self.shelf.put(records.collect());
            }
            Some(to) => {
                for target in records {
                    self.settle(target, to, wall);
                }
            }
        }
    }

    fn begin(&mut self, places: &[Place], wall: UnixNanos) {
        for place in places {
            if let Some(target) = self.shelf.take(*place) {
                self.begin_one(target, wall);
            }
        }
    }

    /// A claimed device is begun as soon as that is kept.
    fn begin_one(&mut self, target: Target, wall: UnixNanos) {
        let place = target.place;
        let then = self.floor.stops.borrow().of(place);
        if let Some(then) = then {
            // It was stopped before it was begun.
            return self.put_back(target, then, wall);
        }
        let recovered = self.engine.was_in_flight(place);
        let mut past = self.pasts.remove(&place).unwrap_or_else(|| Past::read(&target));
        if recovered && target.state == DeviceState::Verifying && self.floor.order.version.is_some() {
            past.stage = Stage::Verifying;
        }
        let mut device = target.device;
        if let Some(address) = self.moved_to.remove(&place) {
            if let Err(error) = device.move_to(&address) {
                tracing::warn!(
                    rollout = &*self.shared.id,
                    device = device.id(),
                    "its new address is not usable: {error}"
                );
            }
        }
        let to = if past.stage == Stage::Verifying { Moved::Verifying } else { Moved::Pushing };
        let id: Arc<str> = device.id().into();
        let ask = match (recovered, self.floor.order.ask_first) {
            (true, _) => Ask::Well,
            (false, true) => Ask::Yes,
            (false, false) => Ask::No,
        };
        let mut job = Box::new(Job { place, id, device, ask, past });
        // One that was in flight is so still: that is not told again.
        if job.past.state != to.state() {
            self.change(&mut job, to.state(), wall, |_| {});
        }
        self.engine.moved(place, to, wall);
        self.journal.release(job);
    }

    /// Writes that a device in hands goes to a state.
    pub(super) fn change(
        &mut self,
        job: &mut Job,
        to: DeviceState,
        wall: UnixNanos,
        with: impl FnOnce(&mut DeviceChange),
    ) {
        let from = std::mem::replace(&mut job.past.state, to);
        let mut change = DeviceChange::new(0, ms(wall), job.place, Arc::clone(&job.id), from, to);
        change.tried = job.past.tried();
        change.first_deferred_ms = job.past.first_deferred_ms;
        change.token = job.past.kept_token();
        with(&mut change);
        self.journal.device(change);
    }

    /// Writes an event of the rollout.
    pub(super) fn event(&mut self, kind: EventKind) {
        self.write_rollout(Some(kind), self.shared.wall());
    }

    pub(super) fn write_rollout(&mut self, kind: Option<EventKind>, wall: UnixNanos) {
        let mut status = self.status();
        if status.state.is_final() && !matches!(kind, Some(EventKind::Finished { .. })) {
            // It has ended for others when the end is written: a driver that dies before that is followed by one that
            // writes it.
            status.state = RolloutState::Running;
        }
        self.told_hold.clone_from(&status.hold);
        let engine = serde_json::to_value(self.engine.state()).unwrap_or_default();
        let event = kind.map(|kind| (0, kind));
        self.journal.rollout(RolloutChange::new(event, ms(wall), status, engine, self.terms.commands_done));
    }

    /// Writes figures for those who only read: when what holds it up is another thing, and now and then.
    fn figures(&mut self, now: Nanos, wall: UnixNanos) {
        if self.last.is_some() {
            return;
        }
        self.look_ahead();
        let hold = self.engine.hold();
        let due = !self.shared.private && now >= self.figures_at && self.hands > 0;
        if hold != self.told_hold || due {
            self.figures_at = now.saturating_add(FIGURES_EVERY);
            self.write_rollout(None, wall);
        }
    }

    fn figures_due(&self) -> Option<Nanos> {
        (!self.shared.private && self.hands > 0 && self.last.is_none()).then_some(self.figures_at)
    }

    /// Whether it is to be left, and can be.
    fn is_left(&self) -> bool {
        let paused = self.terms.leave_when_paused && self.engine.rollout_state() == RolloutState::Paused;
        (self.leaving || paused) && self.is_quiet()
    }

    /// Writes the figures for whoever goes on, before it is left.
    fn part(&mut self, wall: UnixNanos) {
        if !self.is_left() || self.last.is_some() {
            self.parted = false;
        } else if !self.parted && !self.shared.private && self.journal.is_idle() {
            self.parted = true;
            self.write_rollout(None, wall);
            self.journal.write();
        }
    }

    fn is_quiet(&self) -> bool {
        self.hands == 0 && self.settling.is_empty() && self.fetching.is_none() && !self.chores.is_joining()
    }

    /// Writes the end, when all devices are in a final state and that is kept; takes it back when some are not any more.
    fn finish(&mut self, wall: UnixNanos) {
        if self.last.is_some() && !self.engine.is_done() {
            self.last = None;
        }
        if self.last.is_none() && self.engine.is_done() && self.is_quiet() && self.journal.is_idle() {
            let status = self.status();
            self.last = Some(status.clone());
            self.write_rollout(Some(EventKind::Finished { status }), wall);
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_under_way(&self) -> bool {
        self.last.is_none()
    }

    /// It had ended so when it was taken up.
    pub(super) fn had_ended(&mut self, status: RolloutStatus) {
        self.last = Some(status);
    }

    fn note(&mut self, note: Note, wall: UnixNanos) {
        match note {
            Note::Verifying(place, id, tried) => self.verifying(place, id, tried, wall),
            Note::Ended(ended) => self.ended(ended, wall),
            Note::Command(command, answer) => {
                let result = self.engine.command(&command, wall);
                if let Some(answer) = answer {
                    // Who asked may not wait any more.
                    let _ = answer.send(result);
                } else if let Err(error) = result {
                    tracing::debug!(rollout = &*self.shared.id, command = command.as_str(), "refused: {error}");
                }
            }
            Note::Beat(beat) => self.chores.heard(beat),
            Note::Leave => self.leaving = true,
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn ms(wall: UnixNanos) -> u64 {
    wall.as_nanos() / 1_000_000
}
