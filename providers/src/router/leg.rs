//! A router's part in a stream: the place at the target, and the rest of the way.

use super::journey::Journey;
use super::spot::Visit;
use super::travel;
use super::trip::{Step, Trip};
use crate::{BoxFuture, Error, ReplyStream};

/// A router's part in a stream: the place at the target, and the rest of the way, where there is one.
pub(crate) struct Leg {
    visit: Visit,
    rest: Option<(Trip, usize)>,
}

/// What was told of an answer before it broke off.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SoFar<'a> {
    /// Nothing.
    Nothing,
    /// Text.
    Text(&'a str),
    /// More than text, or something else.
    Parts,
}

/// The next provider is being asked.
type Switching = BoxFuture<'static, Result<ReplyStream, Error>>;

impl Leg {
    pub(super) fn new(visit: Visit) -> Self {
        Self { visit, rest: None }
    }

    /// Sets what is left of the way.
    pub(crate) fn bind(&mut self, trip: Trip, at: usize) {
        self.rest = Some((trip, at));
    }

    /// The first piece of the answer came.
    pub(crate) fn began(&mut self) {
        self.visit.answered();
    }

    /// Asks the next target, unless there is none, the failure is not one to move on, or what was told cannot be gone on
    /// with.
    pub(crate) fn after(self, error: Error, so_far: SoFar<'_>, journey: &mut Journey) -> Result<Switching, Error> {
        let Self { mut visit, rest } = self;
        visit.failed(&error);
        drop(visit);
        let Some((mut trip, at)) = rest else { return Err(error) };
        let may = match so_far {
            SoFar::Nothing => true,
            SoFar::Text(text) => trip.goes_on_with(text),
            SoFar::Parts => false,
        };
        let Some(step) = may.then(|| trip.onward(at, &error)).flatten() else { return Err(error) };
        match step {
            Step::To(..) => journey.leave(error),
            Step::Again(..) => journey.stay(error),
        }
        Ok(Box::pin(travel::stream(trip, step)))
    }
}
