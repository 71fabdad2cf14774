//! An explanation as lines for people.

use std::fmt;
use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::{Explanation, PlannedPhase, devices};
use crate::strategy::OnFailure;
use crate::window::Zone;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_deref().map_or_else(String::new, |version| format!(" of version {version}"));
        let survey = &self.devices;
        write!(f, "a rollout{version} ({} bytes) to {} of {}", self.bytes, survey.selected, devices(survey.fleet))?;
        writeln!(f, ", {} at once", self.at_once)?;
        for (clause, count) in &survey.left_out {
            writeln!(f, "  left out by {clause}: {}", devices(*count))?;
        }
        for phase in &self.phases {
            one(f, phase, self.phases.len() > 1)?;
        }
        if let Some(window) = &self.window {
            writeln!(f, "window: {window}")?;
        }
        for zone in &self.zones {
            let openings = if zone.local.is_empty() { String::from("never") } else { zone.local.join("; ") };
            writeln!(f, "  {} ({}): {openings}", zone.zone, devices(zone.devices))?;
        }
        let each = humantime::format_duration(self.each);
        match self.ends_ms {
            Some(end) => writeln!(f, "expected end: {}, if a device takes {each}", time(end))?,
            None => writeln!(f, "expected end: none in sight")?,
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

fn one(f: &mut fmt::Formatter<'_>, phase: &PlannedPhase, numbered: bool) -> fmt::Result {
    let name = phase.name.as_deref().map_or_else(String::new, |name| format!(" \"{name}\""));
    let number = if numbered { format!("phase {}{name}", phase.phase) } else { format!("all{name}") };
    match phase.devices {
        0 => writeln!(f, "{number}: no device")?,
        1 => writeln!(f, "{number}: device {} (up to {} %)", phase.first, phase.percent)?,
        n => writeln!(f, "{number}: devices {} to {} (up to {} %)", phase.first, phase.first + n - 1, phase.percent)?,
    }
    if phase.approval {
        writeln!(f, "  begins when somebody approves")?;
    }
    if let (Some(begin), Some(done), Some(end)) = (phase.begins_ms, phase.done_ms, phase.ends_ms) {
        write!(f, "  from {} to about {}", time(begin), time(done))?;
        if phase.soak.is_zero() {
            writeln!(f)?;
        } else {
            let soak = Duration::from_secs(phase.soak.as_secs());
            writeln!(f, ", then watched for {} until {}", humantime::format_duration(soak), time(end))?;
        }
    }
    for gate in &phase.gates {
        writeln!(f, "  gate: {gate}")?;
    }
    if !phase.gates.is_empty() {
        let what = match phase.on_failure {
            OnFailure::Pause => "no further device is started until somebody says so",
            OnFailure::Cancel => "the rollout is cancelled",
            OnFailure::RollBack => "the rollout is cancelled, and the devices get the earlier artifact",
        };
        writeln!(f, "  if a gate is not passed, {what}")?;
    }
    Ok(())
}

/// `2026-11-23 02:00 UTC`.
fn time(ms: u64) -> String {
    Zone::utc().show(UnixNanos::from_nanos(ms.saturating_mul(1_000_000)), "%Y-%m-%d %H:%M %Z")
}
