//! What a gate means, in words.

use std::cmp::Ordering;

use super::{Finding, devices};
use crate::engine::Percent;
use crate::strategy::{Bound, Comparator, Denominator, Gate, Measure, Scope};

/// A gate over so many devices in words, and what is wrong with it.
pub(super) fn explain(gate: &Gate, phase: u32, size: u64, findings: &mut Vec<Finding>) -> String {
    let asked = asked(gate);
    let Some(bound) = Exact::of(gate.bound) else {
        findings.push(Finding::error(format!("phase {phase}: {asked}: give a share from 0 to 100")));
        return asked;
    };
    if size == 0 {
        return format!("{asked}: there is no device to ask it of");
    }
    let passes = |failed: u64| bound.passes(gate, size - failed, failed);
    let consequence = if gate.min_sample > size {
        let sample = format!("{} with a minimum sample of {}", devices(size), gate.min_sample);
        findings.push(Finding::error(format!("phase {phase}: a gate over {sample} is never passed")));
        format!("never passed by {sample}")
    } else {
        match (passes(0), passes(size)) {
            (false, false) => {
                findings.push(Finding::error(format!("phase {phase}: {asked}: never passed by {}", devices(size))));
                format!("never passed by {}", devices(size))
            }
            (true, true) => {
                findings.push(Finding::warning(format!(
                    "phase {phase}: {asked}: passed whatever becomes of the {}",
                    devices(size)
                )));
                String::from("always passed")
            }
            (false, true) => {
                findings
                    .push(Finding::warning(format!("phase {phase}: {asked}: a phase without failures is not passed")));
                format!("{} must not all succeed", devices(size))
            }
            (true, false) => {
                // The more fail, the less it passes.
                let (mut allowed, mut refused) = (0, size);
                while refused - allowed > 1 {
                    let middle = allowed + (refused - allowed) / 2;
                    *if passes(middle) { &mut allowed } else { &mut refused } = middle;
                }
                let failures = match allowed {
                    0 => String::from("no failure"),
                    1 => String::from("1 failure"),
                    n => format!("{n} failures"),
                };
                let verb = if size == 1 { "allows" } else { "allow" };
                format!("{} {verb} {failures}", devices(size))
            }
        }
    };
    let sample = match gate.min_sample {
        0 | 1 => String::new(),
        least => format!(", and fewer than {least} tried do not pass"),
    };
    format!("{asked}: {consequence}{sample}")
}

/// What a gate asks.
fn asked(gate: &Gate) -> String {
    let comparator = match gate.comparator {
        Comparator::AtLeast => "at least",
        Comparator::Above => "more than",
        Comparator::AtMost => "at most",
        Comparator::Below => "less than",
    };
    let s = if gate.bound == Bound::Devices(1) { "s" } else { "" };
    let verb = match gate.measure {
        Measure::Succeeded => format!("succeed{s}"),
        Measure::Failed if gate.classes.is_empty() => format!("fail{s}"),
        Measure::Failed => {
            let classes: Vec<&str> = gate.classes.iter().map(|class| class.as_str()).collect();
            format!("fail{s} by {}", classes.join(", "))
        }
    };
    let scope = match gate.scope {
        Scope::Phase => "",
        Scope::Cumulative => " in this phase and those before",
    };
    match (gate.bound, gate.of) {
        (Bound::Percent(percent), Denominator::Tried) => {
            format!("{comparator} {percent} % of the devices tried{scope} {verb}")
        }
        (Bound::Percent(percent), Denominator::All) => {
            format!("{comparator} {percent} % of all devices{scope} {verb}")
        }
        (Bound::Devices(count), _) => format!("{comparator} {}{scope} {verb}", devices(count)),
    }
}

/// A bound that can be compared with.
#[derive(Clone, Copy)]
enum Exact {
    Share(Percent),
    Devices(u64),
}

impl Exact {
    fn of(bound: Bound) -> Option<Self> {
        match bound {
            Bound::Percent(percent) => Percent::new(percent).map(Self::Share),
            Bound::Devices(devices) => Some(Self::Devices(devices)),
        }
    }

    /// Whether the gate is passed when all devices are tried, so many with each end.
    fn passes(self, gate: &Gate, succeeded: u64, failed: u64) -> bool {
        let measured = if gate.measure == Measure::Succeeded { succeeded } else { failed };
        let compared = match self {
            Self::Share(share) => share.compared(measured, succeeded + failed),
            Self::Devices(devices) => measured.cmp(&devices),
        };
        match gate.comparator {
            Comparator::AtLeast => compared != Ordering::Less,
            Comparator::Above => compared == Ordering::Greater,
            Comparator::AtMost => compared != Ordering::Greater,
            Comparator::Below => compared == Ordering::Less,
        }
    }
}
