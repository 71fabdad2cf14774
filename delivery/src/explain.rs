//! What a rollout will do, told before it starts.

mod finding;
mod gate;
mod phases;
mod survey;
#[cfg(test)]
mod tests;
mod text;
mod windows;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use crate::progress::{Timeline, Work};
use crate::store::Spec;
use crate::strategy::{OnFailure, StrategyKind};

pub use finding::{Finding, Severity};
pub use survey::Survey;

/// What a rollout will do: to whom, in which order and when, and what is wrong with it.
///
/// It is as good as the assumption of how long a device takes. Prints as lines for people; times in JSON are milliseconds
/// since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What it was made as.
    pub kind: StrategyKind,
    /// The version that is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The artifact's length in bytes.
    pub bytes: u64,
    /// Who takes part, and who does not.
    pub devices: Survey,
    /// How many devices are worked on at once, bounds of sites included.
    pub at_once: u64,
    /// How long a device is taken to keep a worker busy.
    #[serde(rename = "each_s", with = "crate::attempt::seconds")]
    pub each: Duration,
    /// Its steps, in order; one without a number of its own if it has no phases.
    pub phases: Vec<PlannedPhase>,
    /// When it may work, in the words of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The window in each zone, that with the most devices first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<PlannedZone>,
    /// When all is done, if every approval is given at once; `None` if no end is in sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_ms: Option<u64>,
    /// What is to be known, the worst first.
    pub findings: Vec<Finding>,
}

/// A phase, as it is expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedPhase {
    /// Its number, from 1.
    pub phase: u32,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The share of all devices that is reached when it is done, in percent.
    pub percent: f64,
    /// The first of its devices, counted from 1.
    pub first: u64,
    /// How many it holds.
    pub devices: u64,
    /// Whether somebody must approve before it begins.
    pub approval: bool,
    /// How long it is watched.
    #[serde(rename = "soak_s", with = "crate::attempt::seconds")]
    pub soak: Duration,
    /// What must be true before the next one begins, in words.
    pub gates: Vec<String>,
    /// What happens if it is not.
    pub on_failure: OnFailure,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins_ms: Option<u64>,
    /// When its last device is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_ms: Option<u64>,
    /// When it was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_ms: Option<u64>,
}

/// The window in a time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedZone {
    /// The zone.
    pub zone: String,
    /// How many devices are in it.
    pub devices: u64,
    /// The next three openings: when they begin and when they end; one that does not end within eight days is the last.
    pub openings: Vec<(u64, Option<u64>)>,
    /// The same on the clocks of the zone.
    pub local: Vec<String>,
}

/// Explains a rollout to these devices, if it were started now and each device took so long.
///
/// ```
/// use std::time::Duration;
/// use steadfast_clock::UnixNanos;
/// use steadfast_delivery::{ArtifactRecord, Device, Gate, Phase, Spec, Strategy, Survey, explain};
///
/// let fleet: Vec<Device> =
///     (0..120).map(|n| Device::new(format!("d{n}"), "http://10.0.0.7")).collect::<Result<_, _>>()?;
/// let mut spec = Spec::new(ArtifactRecord::new(None, 1 << 20, "00"));
/// spec.strategy = Strategy::progressive([
///     Phase::percent(10.0).name("canary").soak(Duration::from_secs(24 * 3600)).gate(Gate::success_at_least(95.0)),
///     Phase::percent(100.0),
/// ]);
///
/// let survey = Survey::of(&spec, &fleet);
/// let plan = explain(&spec, &survey, Duration::from_secs(30), UnixNanos::from_secs(1_767_225_600));
/// assert!(plan.is_ok());
/// assert_eq!(plan.phases[0].devices, 12);
/// assert_eq!(
///     plan.phases[0].gates,
///     ["at least 95 % of the devices tried succeed: 12 devices allow no failure"]
/// );
/// println!("{plan}");
/// # Ok::<(), steadfast_delivery::Error>(())
/// ```
#[must_use]
pub fn explain(spec: &Spec, survey: &Survey, each: Duration, now: UnixNanos) -> Explanation {
    let strategy = &spec.strategy;
    let mut findings = finding::of_words(spec, survey, now);
    let mut phases = phases::of(spec, survey, &mut findings);
    let at_once = phases::at_once(spec, survey, each, &mut findings);
    let zones = windows::zones(strategy.window.as_ref(), survey, &mut findings);
    let tried = survey.tried(strategy.offline);
    let work = Work {
        steps: phases::steps(&phases, tried, survey.selected, strategy.not_before_ms),
        each,
        last: each,
        at_once: at_once as f64,
        window: strategy.window.as_ref(),
        zones: &zones,
        fits: each,
    };
    let timeline = Timeline::of(&work, now);
    for (phase, span) in phases.iter_mut().zip(&timeline.spans) {
        (phase.begins_ms, phase.done_ms) = (Some(millis(span.begin)), Some(millis(span.done)));
        phase.ends_ms = Some(millis(span.end));
    }
    let planned = match &strategy.window {
        Some(window) => windows::of(window, &zones, &work, &timeline, now, &mut findings),
        None => Vec::new(),
    };
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Explanation {
        kind: strategy.kind,
        version: spec.version.clone(),
        bytes: spec.artifact.bytes,
        devices: survey.clone(),
        at_once,
        each,
        phases,
        window: strategy.window.as_ref().map(|window| format!("{window}, by {}", window.zone)),
        zones: planned,
        ends_ms: timeline.end().map(millis),
        findings,
    }
}

impl Explanation {
    /// Whether nothing is wrong with it: it may be started.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

fn millis(at: UnixNanos) -> u64 {
    at.as_nanos() / 1_000_000
}

/// `1 device`, `12 devices`.
fn devices(count: u64) -> String {
    if count == 1 { String::from("1 device") } else { format!("{count} devices") }
}
