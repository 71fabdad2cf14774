//! The window of a plan: when it opens where, and whether the work fits.

use std::time::Duration;

use steadfast_clock::UnixNanos;

use super::{Finding, PlannedZone, Survey, devices, millis};
use crate::progress::{Timeline, Work};
use crate::window::{Leftover, Opening, Start, Window, Zone};

/// So many openings are told of each zone.
const TOLD: usize = 3;
/// So many openings are counted.
const COUNTED: usize = 1000;

/// The zones of the devices that take part, and how many are in each.
pub(super) fn zones(window: Option<&Window>, survey: &Survey, findings: &mut Vec<Finding>) -> Vec<(Zone, u64)> {
    let Some(window) = window else { return Vec::new() };
    let mut zones: Vec<(Zone, u64)> = Vec::new();
    for (name, count) in &survey.zones {
        match window.zone_for((!name.is_empty()).then_some(name)) {
            Ok(zone) => match zones.iter_mut().find(|(known, _)| *known == zone) {
                Some((_, devices)) => *devices += count,
                None => zones.push((zone, *count)),
            },
            Err(_) => findings.push(Finding::warning(format!(
                "{} in the time zone `{}`, which is not known here: the window never opens for them",
                devices(*count),
                name.chars().filter(|c| !c.is_control()).take(64).collect::<String>()
            ))),
        }
    }
    zones.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.name().cmp(b.0.name())));
    zones
}

/// The window in each zone, and whether what is to be done there fits.
pub(super) fn of(
    window: &Window,
    zones: &[(Zone, u64)],
    work: &Work<'_>,
    timeline: &Timeline,
    now: UnixNanos,
    findings: &mut Vec<Finding>,
) -> Vec<PlannedZone> {
    let from = work.steps.first().and_then(|step| step.not_before).map_or(now, |at| at.max(now));
    let takes = humantime::format_duration(work.each.max(window.reserve));
    let mut fits = true;
    for (zone, count) in zones {
        let text = match window.start_at(from, zone, work.each) {
            Start::Over => format!("the window never opens again in {zone}"),
            Start::TooShort { longest } => {
                let longest = humantime::format_duration(longest);
                format!("the window is open for at most {longest} in {zone}: a device needs {takes}")
            }
            Start::Now { .. } | Start::At { .. } => continue,
        };
        fits = false;
        findings.push(Finding::error(format!("{text}; {} would never be worked on", devices(*count))));
    }
    if fits {
        several(window, zones, work, timeline, from, findings);
    }
    let planned = zones.iter().map(|(zone, count)| {
        let openings: Vec<Opening> = window.openings(from, zone).take(TOLD).collect();
        PlannedZone {
            zone: zone.name().to_owned(),
            devices: *count,
            openings: openings.iter().map(|opening| (millis(opening.start), opening.end.map(millis))).collect(),
            local: openings.iter().map(|opening| local(zone, opening)).collect(),
        }
    });
    planned.collect()
}

/// Tells if one opening is not enough.
fn several(
    window: &Window,
    zones: &[(Zone, u64)],
    work: &Work<'_>,
    timeline: &Timeline,
    from: UnixNanos,
    findings: &mut Vec<Finding>,
) {
    let Some(end) = timeline.end() else {
        findings.push(Finding::error("it will not fit the window: no end is in sight"));
        return;
    };
    let used = |zone: &Zone| {
        let openings = window.openings(from, zone).take(COUNTED);
        openings.take_while(|opening| opening.start < end).count()
    };
    let most = zones.iter().map(|(zone, _)| used(zone)).max().unwrap_or(0);
    if most <= 1 {
        return;
    }
    let total: u64 = zones.iter().map(|(_, count)| count).sum();
    let watched = if work.steps.iter().any(|step| !step.soak.is_zero()) { ", phases being watched," } else { "" };
    let text = format!("it will not fit one opening of the window: {}{watched} take about {most}", devices(total));
    findings.push(match window.leftover {
        Leftover::Fail => Finding::warning(format!("{text}, and those that are left when the first one ends fail")),
        Leftover::Wait => Finding::note(text),
    });
}

/// `Mon 2026-11-23 02:00 CET to 04:00`.
fn local(zone: &Zone, opening: &Opening) -> String {
    let begin = zone.show(opening.start, "%a %Y-%m-%d %H:%M %Z");
    let end = match (opening.end, opening.length()) {
        (Some(end), Some(length)) if length < Duration::from_secs(24 * 60 * 60) => zone.show(end, "%H:%M"),
        (Some(end), _) => zone.show(end, "%a %Y-%m-%d %H:%M"),
        (None, _) => return format!("from {begin} on"),
    };
    format!("{begin} to {end}")
}
