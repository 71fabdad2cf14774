//! That a plan without an error can be started, and that gates mean what their words say.

use std::num::NonZeroU32;

use proptest::prelude::*;
use proptest::strategy::Strategy as _;

use super::*;
use crate::device::{Device, DeviceStatus};
use crate::engine::{Engine, Facts};
use crate::record::DeviceState;
use crate::store::ArtifactRecord;
use crate::strategy::{Bound, Comparator, Gate, Measure, Phase, SiteCap, Strategy, WhenOffline};

fn gate() -> impl proptest::strategy::Strategy<Value = Gate> {
    let measure = prop_oneof![Just(Measure::Succeeded), Just(Measure::Failed)];
    let comparator = prop_oneof![
        Just(Comparator::AtLeast),
        Just(Comparator::Above),
        Just(Comparator::AtMost),
        Just(Comparator::Below)
    ];
    let bound = prop_oneof![
        (0u32..1010).prop_map(|tenths| Bound::Percent(f64::from(tenths) / 10.0)),
        (0u64..20).prop_map(Bound::Devices),
    ];
    (measure, comparator, bound, 0u64..20)
        .prop_map(|(measure, comparator, bound, sample)| Gate::new(measure, comparator, bound).min_sample(sample))
}

fn phase() -> impl proptest::strategy::Strategy<Value = Phase> {
    let percent =
        prop_oneof![8 => (1u32..101).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(0.0), 1 => Just(110.0)];
    (percent, proptest::collection::vec(gate(), 0..3))
        .prop_map(|(percent, gates)| gates.into_iter().fold(Phase::percent(percent), Phase::gate))
}

fn spec(strategy: Strategy) -> Spec {
    let mut spec = Spec::new(ArtifactRecord::new(None, 1, "00"));
    spec.strategy = strategy;
    spec
}

proptest! {
    /// Whatever the phases: a plan without an error is one that the machine takes, with all devices in its phases; and of
    /// every plan that the machine refuses an error is told.
    #[test]
    fn a_plan_without_an_error_can_be_started(
        mut phases in proptest::collection::vec(phase(), 0..4),
        sort in any::<bool>(),
        whole in any::<bool>(),
        total in 0u32..300,
        offline in 0u32..300,
        cap in proptest::option::of(1u32..4),
    ) {
        if sort {
            phases.sort_by(|a, b| a.percent.total_cmp(&b.percent));
        }
        if whole {
            phases.push(Phase::percent(100.0));
        }
        let mut strategy = Strategy::immediate().phases(phases).offline(WhenOffline::Skip);
        strategy.site_cap = cap.and_then(NonZeroU32::new).map(|most| SiteCap::new("store", most));
        let devices: Vec<Device> = (0..total)
            .map(|n| {
                let mut device = Device::new(format!("d{n}"), "http://h").unwrap();
                device.status = if n < offline { DeviceStatus::Offline } else { DeviceStatus::Online };
                device.tags.insert("store".into(), format!("{}", n % 7));
                device
            })
            .collect();
        let spec = spec(strategy);
        let now = UnixNanos::from_secs(1_767_225_600);
        let plan = explain(&spec, &Survey::of(&spec, &devices), Duration::from_secs(30), now);
        let facts = devices.iter().map(|_| Facts::new(DeviceState::Pending, None, 0));
        let taken = Engine::new(&spec.strategy, facts, None, None, now).is_ok();
        prop_assert!(taken || !plan.is_ok(), "{}", plan);
        if plan.is_ok() {
            prop_assert_eq!(plan.phases.iter().map(|phase| phase.devices).sum::<u64>(), u64::from(total));
            let times = plan.phases.iter().flat_map(|phase| [phase.begins_ms, phase.done_ms, phase.ends_ms]);
            prop_assert!(times.clone().all(|time| time.is_some()) && times.is_sorted());
            prop_assert_eq!(plan.ends_ms, plan.phases.last().unwrap().ends_ms);
        }
        let json = serde_json::to_string(&plan).unwrap();
        prop_assert!(json.contains("null") || serde_json::from_str::<Explanation>(&json).unwrap() == plan);
    }

    /// The failures that a gate is said to allow are the most with which it is passed.
    #[test]
    fn a_gate_allows_what_it_is_said_to_allow(percent in 0u64..=100, size in 1u64..3000) {
        let gate = Gate::success_at_least(percent as f64);
        let words = gate::explain(&gate, 1, size, &mut Vec::new());
        let passes = |failed: u64| (size - failed) * 100 >= percent * size;
        let allowed = (0..=size).rev().find(|failed| passes(*failed)).unwrap();
        let expected = match allowed {
            _ if percent == 0 => String::from("always passed"),
            0 => String::from("no failure"),
            1 => String::from("1 failure"),
            n => format!("{n} failures"),
        };
        prop_assert!(words.ends_with(&format!(" {expected}")), "{}", words);
    }
}
