//! What is to be known of a plan before it is started.

use std::fmt;

use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use super::{Survey, devices, millis};
use crate::store::Spec;
use crate::strategy::{LateJoiners, OnFailure, StrategyKind, WhenOffline};

/// Something to be known before a rollout is started.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// One line: what, where, and what to do.
    pub text: String,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know.
    Note,
    /// Perhaps not what is meant.
    Warning,
    /// The rollout could not do what it is asked to: it should not be started.
    Error,
}

impl Finding {
    pub(super) fn error(text: impl Into<String>) -> Self {
        Self { severity: Severity::Error, text: text.into() }
    }

    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, text: text.into() }
    }

    pub(super) fn note(text: impl Into<String>) -> Self {
        Self { severity: Severity::Note, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.text)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// What contradicts itself, or has no effect, whatever the time.
pub(super) fn of_words(spec: &Spec, survey: &Survey, now: UnixNanos) -> Vec<Finding> {
    let strategy = &spec.strategy;
    let mut findings = Vec::new();
    if survey.selected == 0 {
        let fleet = devices(survey.fleet);
        findings.push(Finding::warning(format!("none of {fleet} is selected: nothing will be done")));
    }
    if spec.concurrency == 0 {
        findings.push(Finding::error("no device may be worked on: the concurrency is 0"));
    }
    let rolls_back = strategy.phases.iter().any(|phase| phase.on_failure == OnFailure::RollBack);
    if rolls_back && spec.rollback.is_none() {
        findings.push(Finding::error(
            "a phase that fails is to be rolled back, but no earlier artifact is named to roll back to",
        ));
    }
    match strategy.kind {
        StrategyKind::Window if strategy.window.is_none() => {
            findings.push(Finding::error("a scheduled rollout needs a window, such as 02:00-04:00 mon-fri"));
        }
        StrategyKind::Progressive if strategy.phases.is_empty() => {
            findings.push(Finding::error("a progressive rollout needs phases, such as 10 %, 50 % and 100 %"));
        }
        StrategyKind::Region if strategy.select.tags.is_empty() && strategy.select.location.is_empty() => {
            findings.push(Finding::warning("no tag or location is asked for: every region takes part"));
        }
        StrategyKind::FirmwareUpgrade if strategy.select.below.is_none() => {
            findings.push(Finding::warning("no version is given below which devices are upgraded: all take part"));
        }
        _ => {}
    }
    if spec.version.is_none() {
        findings.push(Finding::note("without a version devices are not asked whether they run the update"));
    } else if survey.installed > 0 {
        let there = devices(survey.installed);
        findings.push(Finding::note(format!("at this version already: {there}; nothing is sent where that is so")));
    }
    offline(spec, survey, &mut findings);
    if strategy.not_before_ms.is_some_and(|at| at < millis(now)) {
        findings.push(Finding::note("its start time is over: it starts at once"));
    }
    if let (LateJoiners::LastPhase, Some(limit)) = (strategy.late_joiners, strategy.select.limit) {
        let most = devices(limit);
        findings.push(Finding::note(format!("devices that join later count against the selection's limit of {most}")));
    }
    findings
}

fn offline(spec: &Spec, survey: &Survey, findings: &mut Vec<Finding>) {
    let strategy = &spec.strategy;
    let away = devices(survey.offline);
    match strategy.offline {
        WhenOffline::Skip if survey.offline > 0 && survey.offline == survey.selected => {
            findings.push(Finding::warning("all of them are offline, and are skipped: nothing will be done"));
        }
        WhenOffline::Skip if survey.offline > 0 => {
            findings.push(Finding::note(format!("{away} offline: skipped, if that is so when their turn comes")));
        }
        WhenOffline::Wait if survey.offline > 0 => {
            findings.push(Finding::note(format!("{away} offline: the end depends on when they are heard from")));
        }
        _ => {}
    }
    if strategy.probe_every.is_some() && strategy.offline == WhenOffline::Skip {
        findings.push(Finding::warning(
            "devices that are offline are skipped: asking whether they are there has no effect",
        ));
    }
}
