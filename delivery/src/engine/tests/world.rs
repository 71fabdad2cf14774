//! A world to try the machine in: devices that do what a script says, windows that open by arithmetic.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::UnixNanos;

use crate::engine::{Facts, Opening, Openings, Zone};
use crate::failure::FailureClass;
use crate::record::Command;
use crate::strategy::{
    Bound, Comparator, Denominator, Gate, Measure, OnFailure, Phase, Scope, SiteCap, Strategy as Plan, WhenOffline,
};

/// All times are seconds since the start of the world.
pub(super) const START: u64 = 1_800_000_000;

pub(super) fn at(seconds: u64) -> UnixNanos {
    UnixNanos::from_secs(START + seconds)
}

/// Opens in each zone for `open` of every `period` seconds, and after `last` seconds never again.
#[derive(Clone, Debug)]
pub(super) struct Hours {
    pub(super) period: u64,
    pub(super) open: u64,
    pub(super) last: Option<u64>,
    pub(super) reserve: u64,
    pub(super) stops: bool,
    pub(super) only_first: bool,
}

impl Openings for Hours {
    fn at(&self, zone: Zone, now: UnixNanos) -> Opening {
        let now = now.as_secs();
        let origin = START - 10 * self.period + u64::from(zone.0) * (self.period / 3);
        let into = (now - origin) % self.period;
        let begin = now - into;
        let over = |begin: u64| self.last.is_some_and(|last| begin > START + last);
        if into < self.open && !over(begin) {
            return Opening::Open { until: Some(UnixNanos::from_secs(begin + self.open)) };
        }
        let next = begin + self.period;
        Opening::Closed { next: (!over(next)).then_some(UnixNanos::from_secs(next)) }
    }

    fn reserve(&self) -> Duration {
        Duration::from_secs(self.reserve)
    }

    fn stops(&self) -> bool {
        self.stops
    }

    fn only_first(&self) -> bool {
        self.only_first
    }
}

/// What a device does when it is worked on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Take,
    Fail(FailureClass),
    Later(u64),
    Skip,
    /// The driver gives it back, with nothing done.
    Back,
}

/// What happens to the rollout from outside.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Command(Command),
    Beat(u32),
    /// The clock is set, by so many seconds.
    Jump(i64),
    /// The process dies, and another one goes on from what was kept.
    Crash,
    Join(Facts),
    Estimate(u64),
    /// What happened is kept.
    Keep,
}

/// A whole run, but for what the machine makes of it.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) plan: Plan,
    pub(super) hours: Option<Hours>,
    pub(super) facts: Vec<Facts>,
    /// By place, then by attempt; the last one goes on for ever.
    pub(super) acts: Vec<Vec<Act>>,
    /// By the step before which they happen.
    pub(super) deeds: Vec<(u16, Deed)>,
    pub(super) hands: usize,
    pub(super) pick: u64,
}

impl Script {
    pub(super) fn act(&self, place: u32, attempt: usize) -> Act {
        let acts = &self.acts[place as usize % self.acts.len()];
        acts[attempt.min(acts.len() - 1)]
    }

    pub(super) fn windows(&self) -> Option<Box<dyn Openings + Send>> {
        self.hours.clone().map(|hours| Box::new(hours) as Box<dyn Openings + Send>)
    }
}

pub(super) fn class() -> impl Strategy<Value = FailureClass> {
    prop_oneof![Just(FailureClass::Unreachable), Just(FailureClass::TimedOut), Just(FailureClass::Rejected)]
}

pub(super) fn gate() -> impl Strategy<Value = Gate> {
    let measure = prop_oneof![Just(Measure::Succeeded), Just(Measure::Failed)];
    let comparator = prop_oneof![
        Just(Comparator::AtLeast),
        Just(Comparator::Above),
        Just(Comparator::AtMost),
        Just(Comparator::Below)
    ];
    let bound = prop_oneof![
        (0_u64..=20).prop_map(Bound::Devices),
        (0_u32..=20).prop_map(|n| Bound::Percent(f64::from(n) * 5.0))
    ];
    let sane = prop_oneof![
        (0_u32..=20).prop_map(|n| Gate::success_at_least(f64::from(n) * 5.0)),
        (0_u32..=20).prop_map(|n| Gate::failures_at_most(f64::from(n) * 5.0)),
        (0_u64..4).prop_map(Gate::at_most_failed),
    ];
    let any =
        (measure, comparator, bound).prop_map(|(measure, comparator, bound)| Gate::new(measure, comparator, bound));
    let scope = prop_oneof![Just(Scope::Phase), Just(Scope::Cumulative)];
    let of = prop_oneof![3 => Just(Denominator::Tried), 1 => Just(Denominator::All)];
    let classes = proptest::collection::vec(class(), 0..2);
    (prop_oneof![3 => sane, 1 => any], scope, of, 0_u64..4, classes)
        .prop_map(|(gate, scope, of, sample, classes)| gate.scope(scope).of(of).min_sample(sample).classes(classes))
}

fn phases() -> impl Strategy<Value = Vec<Phase>> {
    let failure =
        prop_oneof![3 => Just(OnFailure::Pause), 1 => Just(OnFailure::Cancel), 1 => Just(OnFailure::RollBack)];
    let phase = (1_u32..100, 0_u64..30, proptest::collection::vec(gate(), 0..2), failure, prop::bool::weighted(0.2));
    proptest::collection::vec(phase, 0..4).prop_map(|mut drawn| {
        drawn.sort_by_key(|phase| phase.0);
        drawn.dedup_by_key(|phase| phase.0);
        if let Some(last) = drawn.last_mut() {
            last.0 = 100;
        }
        let phase = |(percent, soak, gates, failure, approval): (u32, u64, Vec<Gate>, OnFailure, bool)| {
            let mut phase = Phase::percent(percent.into()).soak(Duration::from_secs(soak)).on_failure(failure);
            phase.gates = gates;
            phase.approval = approval;
            phase
        };
        drawn.into_iter().map(phase).collect()
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let cap = proptest::option::of(1_u32..3);
    let offline = prop_oneof![Just(WhenOffline::Skip), Just(WhenOffline::Wait)];
    (phases(), offline, cap, proptest::option::weighted(0.2, 0_u64..100)).prop_map(|(phases, offline, cap, start)| {
        let mut plan = Plan::progressive(phases).offline(offline);
        plan.site_cap = cap.and_then(std::num::NonZeroU32::new).map(|most| SiteCap::new("site", most));
        plan.not_before_ms = start.map(|start| (START + start) * 1000);
        plan
    })
}

fn hours() -> impl Strategy<Value = Hours> {
    let flags = (prop::bool::ANY, prop::bool::weighted(0.2));
    (20_u64..100, 5_u64..20, proptest::option::weighted(0.3, 0_u64..300), 0_u64..4, flags).prop_map(
        |(period, open, last, reserve, (stops, only_first))| Hours { period, open, last, reserve, stops, only_first },
    )
}

pub(super) fn facts() -> impl Strategy<Value = Facts> {
    (prop::bool::weighted(0.2), 0_u16..3, proptest::option::of(0_u32..3)).prop_map(|(offline, zone, site)| Facts {
        offline,
        zone: Zone(zone),
        site,
        ..Facts::pending()
    })
}

/// What a device does that always does the same.
pub(super) fn verdict() -> impl Strategy<Value = Act> {
    prop_oneof![3 => Just(Act::Take), 1 => class().prop_map(Act::Fail), 1 => Just(Act::Skip)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Take),
        2 => class().prop_map(Act::Fail),
        1 => (0_u64..50).prop_map(Act::Later),
        1 => Just(Act::Skip),
        1 => Just(Act::Back),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let retry = proptest::collection::vec(class(), 0..2).prop_map(|classes| Command::Retry { classes });
    let approve = proptest::option::weighted(0.3, 1_u32..4).prop_map(|phase| Command::Approve { phase, by: None });
    prop_oneof![
        3 => Just(Command::Pause),
        4 => Just(Command::Resume),
        1 => Just(Command::Cancel),
        2 => Just(Command::SkipPhase),
        3 => approve,
        3 => retry,
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => command().prop_map(Deed::Command),
        3 => (0_u32..30).prop_map(Deed::Beat),
        1 => (-60_i64..60).prop_map(Deed::Jump),
        2 => Just(Deed::Crash),
        1 => facts().prop_map(Deed::Join),
        1 => (0_u64..8).prop_map(Deed::Estimate),
        6 => Just(Deed::Keep),
    ]
}

/// Anything that may happen.
pub(super) fn script() -> impl Strategy<Value = Script> {
    let acts = proptest::collection::vec(proptest::collection::vec(act(), 1..3), 1..8);
    let deeds = proptest::collection::vec((0_u16..150, deed()), 0..25);
    let facts = proptest::collection::vec(facts(), 0..25);
    (plan(), proptest::option::weighted(0.4, hours()), facts, acts, deeds, 1_usize..6, any::<u64>()).prop_map(
        |(plan, hours, facts, acts, mut deeds, hands, pick)| {
            deeds.sort_by_key(|deed| deed.0);
            Script { plan, hours, facts, acts, deeds, hands, pick }
        },
    )
}
