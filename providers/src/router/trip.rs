//! One call on its way through a router: who is asked, who next, and what is asked of them.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::Clock;

use super::course::{Candidate, Course};
use super::rule::Onward;
use super::settings::Core;
use super::spot::{Pace, Spot, Visit};
use super::{Strategy, Switch, prefix};
use crate::{Call, Error, ErrorKind};

/// One call on its way through a router.
pub(crate) struct Trip {
    pub(super) core: Arc<Core>,
    call: Call,
    pub(super) course: Course,
    pace: Pace,
    /// What was answered so far, where another target is to go on with it.
    answered: Option<String>,
}

/// Where the call goes now.
pub(super) enum Step {
    /// To this target.
    To(usize, Visit),
    /// To the one that it comes from, after a wait.
    Again(usize, Duration),
}

impl Trip {
    pub(super) fn new(core: Arc<Core>, call: Call, pace: Pace) -> Self {
        let first = match core.settings.strategy {
            Strategy::Ordered => None,
            strategy => {
                let now = core.settings.timer.now();
                let standings: Vec<_> = core.spots.iter().map(|spot| spot.standing(pace, now)).collect();
                strategy.first(&standings, || core.settings.draw())
            }
        };
        let course = Course::new(first, core.spots.len());
        Self { core, call, course, pace, answered: None }
    }

    /// The first target.
    pub(super) fn begin(&mut self) -> Result<Step, Error> {
        match self.visit_next(self.passed_over()) {
            Some((at, visit)) => Ok(Step::To(at, visit)),
            None => {
                Err(Error::new(ErrorKind::RateLimited, Arc::clone(&self.core.settings.name), "every place is taken")
                    .advise("ask less at once, or allow more"))
            }
        }
    }

    /// The favourite, where it is passed over: as though it had failed once more.
    fn passed_over(&self) -> Option<(usize, Onward)> {
        let first = self.core.spots.first().filter(|_| self.core.settings.strategy == Strategy::Ordered)?;
        first.parked(self.core.settings.timer.now()).map(|why| (0, Onward::after(why)))
    }

    /// Where the call goes after the target at `from` has failed; `None` when it ends.
    pub(super) fn onward(&mut self, from: usize, error: &Error) -> Option<Step> {
        let rule = self.core.settings.rule(error);
        if let Some(wait) = rule.wait(error).filter(|wait| self.answered.is_none() && self.has_time_for(*wait)) {
            if self.course.ask_again(from) {
                let target = self.core.spots.get(from).map(|spot| spot.target.provider.name());
                tracing::info!(target = target, wait_s = wait.as_secs_f64(), kind = ?error.kind(), "asking again");
                return Some(Step::Again(from, wait));
            }
        }
        let onward = rule.onward(error)?;
        let (to, visit) = self.visit_next(Some((from, onward)))?;
        self.tell(from, to, error);
        Some(Step::To(to, visit))
    }

    /// Has another target go on with what was answered so far; `false` when that cannot be.
    pub(super) fn goes_on_with(&mut self, text: &str) -> bool {
        let may = self.core.settings.continues && prefix::is_fit(&self.call, text);
        self.answered = may.then(|| text.to_owned());
        may
    }

    fn has_time_for(&self, wait: Duration) -> bool {
        let until = self.core.settings.timer.now().saturating_add(wait);
        self.call.context.deadline.is_none_or(|deadline| until < deadline)
    }

    /// Takes a place at the next target.
    fn visit_next(&mut self, from: Option<(usize, Onward)>) -> Option<(usize, Visit)> {
        loop {
            let at = self.course.next(from, &self.candidates(true))?;
            self.course.ask(at);
            // Another call may have taken the last place just now.
            if let Some(visit) = self.visit(at) {
                return Some((at, visit));
            }
        }
    }

    /// Takes a place at the target beside which there is to be no other one but in a hedge, and pays for it.
    pub(super) fn visit_beside(&mut self, at: usize) -> Option<(usize, Visit)> {
        let hedges = self.core.settings.hedges.as_ref()?;
        let same = Some(at).filter(|_| hedges.hedging.allows_same_target());
        let to = self.course.next(None, &self.candidates(false)).or(same)?;
        let spot = self.core.spots.get(to)?;
        if !spot.has_place() || !hedges.pay(&self.call, spot, self.core.settings.timer.now()) {
            return None;
        }
        self.course.hedged = true;
        self.course.ask(to);
        self.visit(to).map(|visit| (to, visit))
    }

    pub(super) fn visit(&self, at: usize) -> Option<Visit> {
        let (settings, spot) = (&self.core.settings, self.core.spots.get(at)?);
        Visit::begin(spot, &settings.timer, self.pace, settings.parking, !self.names_model(at))
    }

    /// How the targets stand. Those that are parked only serve when `parked` says so.
    fn candidates(&self, parked: bool) -> Vec<Candidate> {
        let now = self.core.settings.timer.now();
        let of = |spot: &Arc<Spot>| {
            let is_parked = spot.parked(now).is_some();
            let can = self.answered.is_none() || spot.continues();
            let open = can && spot.has_place() && (parked || !is_parked);
            Candidate { parked: is_parked, group: spot.group, context: spot.target.context, open }
        };
        self.core.spots.iter().map(of).collect()
    }

    /// Whether the target is asked for the model that the call names. To others than the first and those of its group the
    /// name means nothing.
    fn names_model(&self, at: usize) -> bool {
        let group = |at: usize| self.core.spots.get(at).map(|spot| spot.group);
        self.call.model.is_some() && group(at) == group(0)
    }

    /// The call as the target at this place gets it.
    pub(super) fn call_for(&self, at: usize) -> Call {
        let mut call = self.call.clone();
        if !self.names_model(at) {
            call.model = None;
        }
        match &self.answered {
            Some(text) => prefix::continued(call, text),
            None => call,
        }
    }

    /// No hedge is made at or after this point.
    pub(super) fn deadline(&self) -> Option<steadfast_clock::Nanos> {
        self.call.context.deadline
    }

    /// Tells that the call moves.
    pub(super) fn tell(&self, from: usize, to: usize, why: &Error) {
        let (Some(from), Some(to)) = (self.core.spots.get(from), self.core.spots.get(to)) else { return };
        let (from, to) = (&from.target.provider, &to.target.provider);
        tracing::info!(from = from.name(), to = to.name(), kind = ?why.kind(), "falling back");
        if let Some(observer) = &self.core.settings.observer {
            observer(&Switch {
                from: from.name(),
                from_model: from.model(),
                to: to.name(),
                to_model: to.model(),
                why,
                after_bytes: self.answered.as_ref().map_or(0, String::len),
            });
        }
    }
}
