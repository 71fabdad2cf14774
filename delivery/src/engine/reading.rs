//! A gate is read: passed, or not, and why; and whether it can still be passed.

use std::cmp::Ordering;

use super::share::Percent;
use crate::error::{Error, ErrorKind};
use crate::strategy::{Bound, Comparator, Denominator, Gate, Measure, Scope};

/// The devices that a gate looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// All of them.
    pub(super) all: u64,
    pub(super) succeeded: u64,
    /// Those that failed, of whatever class.
    pub(super) failed: u64,
    /// Those that failed by one of the gate's classes.
    pub(super) counted: u64,
    /// Those in no final state.
    pub(super) open: u64,
}

impl Sample {
    /// What a share is of.
    fn whole(&self, of: Denominator) -> u64 {
        match of {
            Denominator::Tried => self.succeeded + self.failed,
            Denominator::All => self.all,
        }
    }

    fn measured(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Succeeded => self.succeeded,
            Measure::Failed => self.counted,
        }
    }

    /// What there is when all that are open end as is best for the gate.
    fn at_best(&self, gate: &Gate) -> Self {
        let succeed = match gate.comparator {
            Comparator::AtLeast | Comparator::Above => gate.measure == Measure::Succeeded,
            Comparator::AtMost | Comparator::Below => gate.measure == Measure::Failed,
        };
        let mut best = Self { open: 0, ..*self };
        if succeed {
            best.succeeded += self.open;
        } else {
            best.failed += self.open;
            best.counted += self.open;
        }
        best
    }
}

/// A gate that can be read: its bound is known exactly.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) gate: Gate,
    bound: Exact,
}

#[derive(Clone, Copy, Debug)]
enum Exact {
    Share(Percent),
    Devices(u64),
}

impl Reader {
    /// Refuses a gate that cannot be read.
    pub(super) fn new(mut gate: Gate, phase: u32) -> Result<Self, Error> {
        gate.classes.sort_unstable();
        gate.classes.dedup();
        let bound = match gate.bound {
            Bound::Devices(devices) => Exact::Devices(devices),
            Bound::Percent(percent) => Exact::Share(Percent::new(percent).ok_or_else(|| {
                let message = format!("a gate of phase {phase} asks for {percent} %: give a share from 0 to 100");
                Error::new(ErrorKind::Plan, message)
            })?),
        };
        Ok(Self { gate, bound })
    }

    /// Whether there is what it takes to read the gate.
    pub(super) fn is_enough(&self, sample: &Sample) -> bool {
        sample.whole(self.gate.of) >= self.gate.min_sample
    }

    /// Why the gate is not passed, in one line; `None` if it is.
    pub(super) fn refusal(&self, sample: &Sample, phase: u32) -> Option<String> {
        (!self.passes(sample)).then(|| self.told(sample, None, phase))
    }

    /// Why the gate cannot be passed any more, however the open ones end; `None` if it can.
    pub(super) fn hopeless(&self, sample: &Sample, phase: u32) -> Option<String> {
        let best = sample.at_best(&self.gate);
        // With nobody tried, some pass that nobody could pass.
        (!self.passes(&best) && !self.passes(sample)).then(|| self.told(sample, Some(&best), phase))
    }

    fn passes(&self, sample: &Sample) -> bool {
        if !self.is_enough(sample) {
            return false;
        }
        let measured = sample.measured(self.gate.measure);
        let compared = match (self.bound, sample.whole(self.gate.of)) {
            (Exact::Devices(bound), _) => measured.cmp(&bound),
            // Somebody said that nothing is enough to pass.
            (Exact::Share(_), 0) => return true,
            (Exact::Share(bound), whole) => bound.compared(measured, whole),
        };
        match self.gate.comparator {
            Comparator::AtLeast => compared != Ordering::Less,
            Comparator::Above => compared == Ordering::Greater,
            Comparator::AtMost => compared != Ordering::Greater,
            Comparator::Below => compared == Ordering::Less,
        }
    }

    /// What was asked and what was found. `best` is what can be found at best, where that decides.
    fn told(&self, found: &Sample, best: Option<&Sample>, phase: u32) -> String {
        let Gate { measure, of, min_sample, .. } = self.gate;
        let scope = match self.gate.scope {
            Scope::Phase => String::new(),
            Scope::Cumulative => format!(" up to phase {phase}"),
        };
        let best = best.filter(|_| found.open > 0);
        let last = best.unwrap_or(found);
        if !self.is_enough(last) {
            let whole = count(last.whole(of));
            let found = match (of, best) {
                (Denominator::All, _) => format!("{whole}{scope} in all"),
                (Denominator::Tried, None) => format!("{whole}{scope} tried"),
                (Denominator::Tried, Some(_)) => format!("{whole}{scope} tried at best"),
            };
            return format!("{found}, asked at least {min_sample}");
        }
        let verb = self.verb();
        let asked = match self.gate.comparator {
            Comparator::AtLeast => "at least",
            Comparator::Above => "more than",
            Comparator::AtMost => "at most",
            Comparator::Below => "less than",
        };
        let measured = found.measured(measure);
        match self.bound {
            Exact::Devices(bound) => {
                let at_best = best.map(|best| best.measured(measure)).filter(|best| *best != measured);
                let at_best = at_best.map_or_else(String::new, |best| format!(", {best} at best"));
                format!("{}{scope} {verb}{at_best}, asked {asked} {bound}", count(measured))
            }
            Exact::Share(bound) => {
                let percent = |part, whole| match whole {
                    0 => String::new(),
                    whole => format!(" ({} %)", bound.told(part, whole)),
                };
                let whole = found.whole(of);
                let at_best = best.map_or_else(String::new, |best| {
                    let (part, whole) = (best.measured(measure), best.whole(of));
                    format!(", {part} of {whole} at best{}", percent(part, whole))
                });
                let share = percent(measured, whole);
                format!("{measured} of {}{scope} {verb}{share}{at_best}, asked {asked} {bound} %", count(whole))
            }
        }
    }

    fn verb(&self) -> String {
        match self.gate.measure {
            Measure::Succeeded => String::from("succeeded"),
            Measure::Failed if self.gate.classes.is_empty() => String::from("failed"),
            Measure::Failed => {
                let classes: Vec<&str> = self.gate.classes.iter().map(|class| class.as_str()).collect();
                format!("failed by {}", classes.join(", "))
            }
        }
    }
}

fn count(devices: u64) -> String {
    if devices == 1 { String::from("1 device") } else { format!("{devices} devices") }
}
