//! A tiny driver.

use std::collections::BTreeMap;

use steadfast_clock::UnixNanos;

use super::naive;
use super::world::{Act, Deed, START, Script};
use crate::engine::{Effect, Engine, EngineState, Facts, Moved};
use crate::record::{Command, DeviceState, Hold, RolloutState};
use crate::store::Place;
use crate::strategy::WhenOffline;

/// What survives the process.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) facts: Vec<Facts>,
    pub(super) state: Option<EngineState>,
    /// Phases that began, and that were passed.
    pub(super) begun: u32,
    pub(super) passed: u32,
    /// What became of each phase.
    pub(super) decisions: Vec<String>,
}

/// A run.
#[derive(Debug)]
pub(super) struct Run<'s> {
    pub(super) script: &'s Script,
    /// The first place that each phase does not hold, late joiners aside.
    pub(super) ends: Vec<u32>,
    pub(super) engine: Engine,
    pub(super) kept: Kept,
    pub(super) live: Kept,
    /// Those in hands, and what they are to be when they are stopped.
    pub(super) hands: BTreeMap<u32, Option<DeviceState>>,
    pub(super) attempts: BTreeMap<u32, usize>,
    /// Seconds that passed, whatever the clock says, and the seconds that it says.
    pub(super) passed_s: u64,
    pub(super) wall: u64,
    pub(super) latest: u64,
    pub(super) leapt: bool,
    pub(super) soaking: Option<(u32, u64, u64)>,
    pub(super) estimate: u64,
    pub(super) step: u64,
    pub(super) rolled_back: Option<Vec<Place>>,
}

impl<'s> Run<'s> {
    pub(super) fn new(script: &'s Script) -> Self {
        let facts = script.facts.clone();
        let engine = Engine::new(&script.plan, facts.clone(), script.windows(), None, UnixNanos::from_secs(START));
        let kept = Kept { facts: facts.clone(), state: None, begun: 0, passed: 0, decisions: Vec::new() };
        let mut run = Self {
            script,
            ends: naive::ends(&script.plan, facts.len()),
            engine: engine.unwrap(),
            live: kept.clone(),
            kept,
            hands: BTreeMap::new(),
            attempts: BTreeMap::new(),
            passed_s: 0,
            wall: START,
            latest: START,
            leapt: false,
            soaking: None,
            estimate: 0,
            step: 0,
            rolled_back: None,
        };
        run.follow();
        run
    }

    pub(super) fn phase_of(&self, place: u32) -> u32 {
        let before = self.ends.iter().take_while(|end| **end <= place).count();
        before.min(self.ends.len() - 1) as u32
    }

    pub(super) fn now(&self) -> UnixNanos {
        UnixNanos::from_secs(self.wall)
    }

    /// To the end. Gives the final states, what became of the phases, and of the rollout.
    pub(super) fn finish(mut self) -> (Vec<DeviceState>, Vec<String>, RolloutState) {
        let mut deeds = self.script.deeds.iter();
        let mut next = deeds.next();
        while !(self.engine.is_done() && next.is_none()) {
            while let Some((_, deed)) = next.filter(|(step, _)| u64::from(*step) <= self.step) {
                self.deed(deed);
                next = deeds.next();
            }
            if self.engine.is_done() && next.is_some() {
                self.step += 1;
                continue;
            }
            self.claim();
            self.work();
            self.pass_time();
            self.step += 1;
            if self.step == 600 {
                // A window that is too short for a device never ends.
                self.deed(&Deed::Command(Command::Cancel));
            }
            assert!(self.step < 1000, "it does not end: {:?} {:?}", self.engine, self.engine.hold());
        }
        assert!(self.hands.is_empty());
        assert_eq!(self.engine.counts().unfinished(), 0);
        let states: Vec<DeviceState> = self.live.facts.iter().map(|facts| facts.state).collect();
        (states, self.live.decisions, self.engine.rollout_state())
    }

    fn deed(&mut self, deed: &Deed) {
        let now = self.now();
        match deed {
            Deed::Command(command) => {
                let before = self.engine.state();
                self.engine.tick(now);
                let state = self.engine.state();
                if self.engine.command(command, now).is_err() {
                    assert_eq!(
                        self.engine.state(),
                        state,
                        "{command:?} is refused and has an effect; before {before:?}"
                    );
                }
            }
            Deed::Beat(place) => self.engine.beat(Place(*place), now),
            Deed::Jump(by) => {
                self.wall = self.wall.saturating_add_signed(*by);
                self.leapt |= *by > 0;
                self.latest = self.latest.max(self.wall);
                self.engine.tick(self.now());
            }
            Deed::Crash => self.crash(),
            Deed::Join(facts) => {
                if let Ok(place) = self.engine.join(facts, now) {
                    assert_eq!(place.0 as usize, self.live.facts.len());
                    self.live.facts.push(*facts);
                }
            }
            Deed::Estimate(seconds) => {
                self.estimate = *seconds;
                self.engine.set_estimate(std::time::Duration::from_secs(*seconds));
            }
            Deed::Keep => self.keep(),
        }
        self.follow();
    }

    fn keep(&mut self) {
        self.live.state = Some(self.engine.state());
        self.kept = self.live.clone();
    }

    fn crash(&mut self) {
        self.live = self.kept.clone();
        self.hands.clear();
        self.soaking = None;
        self.rolled_back = None;
        self.estimate = 0;
        let (facts, state) = (self.kept.facts.clone(), self.kept.state.clone());
        self.engine = Engine::new(&self.script.plan, facts, self.script.windows(), state, self.now()).unwrap();
    }

    fn claim(&mut self) {
        self.engine.tick(self.now());
        self.follow();
        let paused = matches!(self.engine.hold(), Some(Hold::Paused));
        let free = self.script.hands - self.hands.len();
        let mut places = Vec::new();
        self.engine.claim(free, self.now(), &mut places);
        assert!(places.len() <= if paused { 0 } else { free });
        for Place(place) in &places {
            assert_eq!(self.hands.insert(*place, None), None, "{place} is claimed twice at a time");
        }
        self.follow();
        for Place(place) in places {
            self.may_be_claimed(place);
        }
        let plan = &self.script.plan;
        if let Some(cap) = &plan.site_cap {
            let mut sites = BTreeMap::<u32, u32>::new();
            for site in self.hands.keys().filter_map(|place| self.live.facts[*place as usize].site) {
                *sites.entry(site).or_default() += 1;
            }
            assert!(sites.values().all(|busy| *busy <= cap.most.get()), "too many of a site: {sites:?}");
        }
    }

    /// One device goes one step.
    fn work(&mut self) {
        if self.hands.is_empty() {
            return;
        }
        let index = (self.script.pick.rotate_left((self.step % 64) as u32) as usize) % self.hands.len();
        let (place, then) = self.hands.iter().nth(index).map(|(place, then)| (*place, *then)).unwrap();
        let attempt = self.attempts.get(&place).copied().unwrap_or(0);
        let (state, now) = (self.live.facts[place as usize].state, self.now());
        let act = self.script.act(place, attempt);
        if let (DeviceState::Pending | DeviceState::Deferred, Act::Back) = (state, act) {
            *self.attempts.entry(place).or_default() += 1;
            self.hands.remove(&place);
            self.engine.unclaim(Place(place));
            return self.follow();
        }
        let to = match (then, act, state) {
            (Some(DeviceState::Pending), ..) => Moved::Pending,
            (Some(_), ..) => Moved::Cancelled,
            (None, _, DeviceState::Pending | DeviceState::Deferred) => Moved::Pushing,
            (None, Act::Take, DeviceState::Pushing) => Moved::Verifying,
            (None, Act::Take | Act::Back, _) => Moved::Succeeded,
            (None, Act::Fail(class), _) => Moved::Failed(class),
            (None, Act::Later(seconds), _) => Moved::Deferred { due: UnixNanos::from_secs(self.wall + seconds) },
            (None, Act::Skip, _) => Moved::Skipped,
        };
        if !matches!(to, Moved::Pushing | Moved::Verifying) {
            *self.attempts.entry(place).or_default() += 1;
            self.hands.remove(&place);
        }
        self.set(place, to);
        self.engine.moved(Place(place), to, now);
        // Nothing more is counted of what is final.
        if to.state().is_final() {
            self.engine.moved(Place(place), Moved::Pushing, now);
            self.engine.unclaim(Place(place));
        }
        self.follow();
    }

    fn set(&mut self, place: u32, to: Moved) {
        let facts = &mut self.live.facts[place as usize];
        facts.state = to.state();
        facts.pushed |= to == Moved::Pushing;
        facts.class = if let Moved::Failed(class) = to { Some(class) } else { None };
        facts.due_ms = if let Moved::Deferred { due } = to { due.as_nanos() / 1_000_000 } else { 0 };
    }

    /// Time goes on: to the next thing that it changes when nothing is in hands. What waits for somebody gets him.
    fn pass_time(&mut self) {
        self.engine.tick(self.now());
        self.follow();
        let mut by = 1;
        if self.hands.is_empty() && !self.engine.is_done() {
            let mut places = Vec::new();
            self.engine.claim(1, self.now(), &mut places);
            self.hands.extend(places.iter().map(|place| (place.0, None)));
            self.follow();
            if let Some(place) = places.pop() {
                self.hands.clear();
                self.engine.unclaim(place);
                return self.follow();
            }
            if self.engine.is_done() {
                return;
            }
            let (wake, hold, now) = (self.engine.wake_at(), self.engine.hold(), self.now());
            assert!(wake.is_none_or(|at| at > now), "it is to be woken at once, again and again: {:?}", self.engine);
            let soon = self.script.deeds.iter().any(|(step, _)| u64::from(*step) > self.step);
            match hold {
                Some(Hold::Paused) if !soon => self.deed(&Deed::Command(Command::Resume)),
                Some(Hold::AwaitingApproval { .. }) if !soon => {
                    self.deed(&Deed::Command(Command::Approve { phase: None, by: None }));
                }
                Some(Hold::AwaitingDevices) if !soon => {
                    (0..self.live.facts.len() as u32).for_each(|place| self.deed(&Deed::Beat(place)));
                }
                Some(Hold::Paused | Hold::AwaitingApproval { .. } | Hold::AwaitingDevices) => {}
                hold => {
                    let wake = wake.unwrap_or_else(|| panic!("nothing happens any more: {hold:?} {:?}", self.engine));
                    by = wake.since(now).as_nanos().div_ceil(1_000_000_000) as u64;
                }
            }
        }
        self.wall += by;
        self.passed_s += by;
        self.latest = self.latest.max(self.wall);
        self.engine.tick(self.now());
        self.follow();
    }

    fn follow(&mut self) {
        for effect in self.engine.effects() {
            match effect {
                Effect::Event(kind) => self.event(kind),
                Effect::Settle { places, to } => {
                    for Place(place) in places {
                        assert!(!self.hands.contains_key(&place), "{place} is in hands");
                        let facts = &mut self.live.facts[place as usize];
                        assert!(!facts.state.is_final(), "{place} is done");
                        facts.state = to;
                        facts.class = (to == DeviceState::Failed).then_some(crate::failure::FailureClass::TimedOut);
                        match to {
                            DeviceState::Skipped => {
                                assert!(facts.offline && self.script.plan.offline == WhenOffline::Skip)
                            }
                            DeviceState::Failed => assert!(self.script.hours.is_some()),
                            _ => assert_eq!(to, DeviceState::Cancelled),
                        }
                    }
                }
                Effect::StopInFlight { places, then } => {
                    for Place(place) in places {
                        let was = self.hands.get_mut(&place).expect("only what is in hands is stopped");
                        *was = Some(then);
                    }
                }
                Effect::RollBack { places } => {
                    assert!(self.rolled_back.is_none() && self.engine.is_done());
                    let pushed = (0..).zip(&self.live.facts).filter(|(_, facts)| facts.pushed);
                    assert_eq!(places, pushed.map(|(place, _)| Place(place)).collect::<Vec<_>>());
                    self.rolled_back = Some(places);
                }
                Effect::Reopened(places) => {
                    for Place(place) in places {
                        let facts = &mut self.live.facts[place as usize];
                        assert_eq!(facts.state, DeviceState::Failed);
                        (facts.state, facts.class) = (DeviceState::Pending, None);
                        facts.offline = false;
                    }
                }
            }
        }
        self.is_sound();
    }
}
