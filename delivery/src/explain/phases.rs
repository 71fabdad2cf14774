//! The phases of a plan: whom they hold, and how fast they go.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::{Finding, PlannedPhase, Survey, devices, gate};
use crate::engine::Percent;
use crate::progress::Step;
use crate::store::Spec;
use crate::strategy::{Phase, Scope};

/// The phases, with their gates in words; one if there is none.
pub(super) fn of(spec: &Spec, survey: &Survey, findings: &mut Vec<Finding>) -> Vec<PlannedPhase> {
    let whole = [Phase::percent(100.0)];
    let asked = &spec.strategy.phases;
    let phases = if asked.is_empty() { &whole } else { &asked[..] };
    let total = u32::try_from(survey.selected).unwrap_or(u32::MAX);
    let (mut before, mut reached) = (0.0, 0);
    let mut planned = Vec::with_capacity(phases.len());
    for (number, phase) in (1..).zip(phases) {
        let share = Percent::new(phase.percent).filter(|_| phase.percent > before);
        let reaches = match share {
            Some(share) => u64::from(share.of(total)).max(reached),
            None => {
                let percent = phase.percent;
                findings.push(Finding::error(format!(
                    "phase {number} reaches {percent} %: give more than the {before} % of before, at most 100"
                )));
                reached
            }
        };
        before = phase.percent.max(before);
        let size = reaches - reached;
        if size == 0 && total > 0 && share.is_some() {
            let text =
                format!("phase {number} holds no device: {} % of {} is no more", phase.percent, devices(total.into()));
            findings.push(Finding::warning(text));
        }
        let gates = phase.gates.iter().map(|gate| {
            let sample = if gate.scope == Scope::Phase { size } else { reaches };
            gate::explain(gate, number, sample, findings)
        });
        planned.push(PlannedPhase {
            phase: number,
            name: phase.name.clone(),
            percent: phase.percent,
            first: reached + 1,
            devices: size,
            approval: phase.approval,
            soak: phase.soak,
            gates: gates.collect(),
            on_failure: phase.on_failure,
            begins_ms: None,
            done_ms: None,
            ends_ms: None,
        });
        reached = reaches;
    }
    if before < 100.0 {
        findings.push(Finding::error(format!("the last phase reaches {before} %: it must reach 100 %")));
    }
    planned
}

/// How many devices are worked on at once in the long run.
pub(super) fn at_once(spec: &Spec, survey: &Survey, each: Duration, findings: &mut Vec<Finding>) -> u64 {
    let asked = spec.concurrency.max(1) as u64;
    let (Some(cap), Some(most)) = (&spec.strategy.site_cap, survey.at_once) else { return asked };
    // The largest site is done last, whatever the others do.
    let largest = survey.largest_site.as_ref().map_or(1, |(_, devices)| (*devices).max(1));
    let in_step = survey.selected.saturating_mul(cap.most.get().into()) / largest;
    let bounded = most.min(in_step);
    if bounded < asked.min(survey.selected) {
        let (site, largest) = survey.largest_site.clone().unwrap_or_default();
        let rounds = largest.div_ceil(cap.most.get().into());
        let takes = each.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        let takes = humantime::format_duration(Duration::from_secs(takes.as_secs()));
        findings.push(Finding::note(format!(
            "at most {} of a site at once: site `{site}` alone takes {takes} for its {}",
            cap.most,
            devices(largest)
        )));
    }
    asked.min(bounded.max(1))
}

/// The phases as work. Of each, those that are offline are taken not to be tried.
pub(super) fn steps(phases: &[PlannedPhase], tried: u64, selected: u64, not_before_ms: Option<u64>) -> Vec<Step> {
    let share = |devices: u64| u128::from(devices) * u128::from(tried) / u128::from(selected.max(1));
    let mut steps: Vec<Step> = phases
        .iter()
        .map(|phase| Step {
            devices: u64::try_from(share(phase.devices)).unwrap_or(phase.devices),
            not_before: None,
            soak: if phase.devices == 0 { Duration::ZERO } else { phase.soak },
        })
        .collect();
    if let Some(first) = steps.first_mut() {
        first.not_before = not_before_ms.map(|ms| UnixNanos::from_nanos(ms.saturating_mul(1_000_000)));
    }
    steps
}
