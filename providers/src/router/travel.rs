//! The one driver of calls through a router: one target after the other is asked, until one answers.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use steadfast_clock::{Clock, Nanos};

use super::journey::Journey;
use super::leg::Leg;
use super::overheard::Overheard;
use super::spot::{Pace, Visit};
use super::trip::{Step, Trip};
use crate::{Attempt, BoxFuture, Call, Error, ErrorKind, Provider, Reply, ReplyStream};

/// What a target is asked for.
pub(super) trait Answer: Sized + Send + 'static {
    const PACE: Pace;

    /// Asks; when there may be a race, until the first piece of the answer.
    fn ask(
        provider: &Arc<dyn Provider>,
        call: Call,
        visit: Visit,
        races: bool,
    ) -> BoxFuture<'static, Result<Self, Error>>;

    fn attempts(&mut self) -> &mut [Attempt];
}

impl Answer for Reply {
    const PACE: Pace = Pace::Whole;

    fn ask(
        provider: &Arc<dyn Provider>,
        call: Call,
        mut visit: Visit,
        _: bool,
    ) -> BoxFuture<'static, Result<Self, Error>> {
        let answer = provider.complete(call);
        Box::pin(async move {
            let answered = answer.await;
            match &answered {
                Ok(_) => visit.answered(),
                Err(error) => visit.failed(error),
            }
            answered
        })
    }

    fn attempts(&mut self) -> &mut [Attempt] {
        &mut self.attempts
    }
}

impl Answer for ReplyStream {
    const PACE: Pace = Pace::FirstToken;

    fn ask(
        provider: &Arc<dyn Provider>,
        call: Call,
        mut visit: Visit,
        races: bool,
    ) -> BoxFuture<'static, Result<Self, Error>> {
        let opened = provider.stream(call);
        Box::pin(async move {
            let stream = opened.await.inspect_err(|error| visit.failed(error))?;
            let mut stream = stream.within(Leg::new(visit));
            if races {
                stream.first().await?;
            }
            Ok(stream)
        })
    }

    fn attempts(&mut self) -> &mut [Attempt] {
        self.ledger()
    }
}

/// An answer, where it is from, what happened before, and the rest of the way.
pub(super) struct Arrived<T> {
    pub(super) answer: T,
    pub(super) at: usize,
    pub(super) journey: Journey,
    pub(super) trip: Trip,
}

/// Asks one target after the other, until one answers.
pub(super) async fn travel<T: Answer>(mut trip: Trip, step: Step) -> Result<Arrived<T>, Error> {
    let mut journey = Journey::default();
    let mut step = step;
    loop {
        let (mut at, visit) = match step {
            Step::To(at, visit) => (at, Some(visit)),
            Step::Again(at, wait) => {
                let timer = &trip.core.settings.timer;
                timer.sleep_until(timer.now().saturating_add(wait)).await;
                (at, trip.visit(at))
            }
        };
        let asked = match visit {
            Some(visit) => ask::<T>(&mut trip, &mut at, visit, &mut journey).await,
            None => Err(trip.nobody()),
        };
        let error = match asked {
            Ok(answer) => {
                if let Some(hedges) = &trip.core.settings.hedges {
                    hedges.answered(trip.core.settings.timer.now());
                }
                return Ok(Arrived { answer, at, journey, trip });
            }
            Err(error) => error,
        };
        step = match trip.onward(at, &error) {
            Some(step) => step,
            None => return Err(journey.close(error)),
        };
        match &step {
            Step::To(..) => journey.leave(error),
            Step::Again(..) => journey.stay(error),
        }
    }
}

/// Asks one target, and another one beside it where that is due. `at` becomes the one whose answer or failure it is.
async fn ask<T: Answer>(trip: &mut Trip, at: &mut usize, visit: Visit, journey: &mut Journey) -> Result<T, Error> {
    let timer = Arc::clone(&trip.core.settings.timer);
    match trip.due(*at, T::PACE, timer.now()) {
        None => {
            let Some(provider) = trip.provider(*at) else { return Err(trip.nobody()) };
            T::ask(&provider, trip.call_for(*at), visit, false).await
        }
        Some(due) => {
            let Some(mut running) = Running::<T>::start(trip, *at, visit, timer.now()) else {
                return Err(trip.nobody());
            };
            let mut sleep = timer.sleep_until(due);
            let early = poll_fn(|cx| match running.future.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
            });
            if let Some(answer) = early.await {
                return answer;
            }
            match trip.visit_beside(*at) {
                Some((to, visit)) => {
                    let hedge = Running::start(trip, to, visit, timer.now());
                    race(trip, at, running, hedge, journey).await
                }
                None => running.future.await,
            }
        }
    }
}

/// A target that is being asked in a race.
struct Running<T> {
    at: usize,
    started: Nanos,
    heard: Arc<Overheard>,
    /// The model that the call names there.
    model: Option<Arc<str>>,
    future: BoxFuture<'static, Result<T, Error>>,
}

impl<T: Answer> Running<T> {
    fn start(trip: &Trip, at: usize, visit: Visit, now: Nanos) -> Option<Self> {
        let provider = trip.provider(at)?;
        let mut call = trip.call_for(at);
        let (heard, model) = (Overheard::to(&mut call), call.model.clone());
        Some(Self { at, started: now, heard, model, future: T::ask(&provider, call, visit, true) })
    }

    /// Drops it, and takes down what is known of its attempts.
    fn outrun(self, trip: &Trip, is_hedge: bool, journey: &mut Journey) {
        let Self { at, started, heard, model, future } = self;
        drop(future);
        let Some(spot) = trip.core.spots.get(at) else { return };
        let now = trip.core.settings.timer.now();
        let took = now.since(started);
        spot.outrun(T::PACE, took, now);
        let provider = &spot.target.provider;
        let model = model.as_deref().unwrap_or_else(|| provider.model());
        let mut attempts = heard.outrun(provider.name(), model, took);
        attempts.iter_mut().for_each(|attempt| attempt.http.hedge = is_hedge);
        journey.attempts.append(&mut attempts);
    }
}

/// Has both go on until one answers, or fails in a way that is the call's own.
async fn race<T: Answer>(
    trip: &Trip,
    at: &mut usize,
    first: Running<T>,
    hedge: Option<Running<T>>,
    journey: &mut Journey,
) -> Result<T, Error> {
    let Some(hedge) = hedge else { return first.future.await };
    tracing::info!(beside = first.at, to = hedge.at, "asking another target beside one that takes long");
    let mut both = [first, hedge];
    let (won, result) = poll_fn(|cx| {
        let mut polled = both.iter_mut().enumerate();
        let ready = polled.find_map(|(which, running)| match running.future.as_mut().poll(cx) {
            Poll::Ready(result) => Some((which, result)),
            Poll::Pending => None,
        });
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await;
    let [first, hedge] = both;
    let is_hedge = won == 1;
    let (ended, other) = if is_hedge { (hedge, first) } else { (first, hedge) };
    *at = ended.at;
    let error = match result {
        Ok(answer) => {
            other.outrun(trip, !is_hedge, journey);
            return Ok(marked(answer, is_hedge));
        }
        Err(error) => marked_failure(error, is_hedge),
    };
    if trip.core.settings.rule(&error).onward(&error).is_none() {
        other.outrun(trip, !is_hedge, journey);
        return Err(error);
    }
    // The other one is under way already: it is who the call falls back to.
    *at = other.at;
    let result = other.future.await;
    if is_hedge {
        journey.stay(error);
    } else {
        trip.tell(ended.at, other.at, &error);
        journey.leave(error);
    }
    result.map(|answer| marked(answer, !is_hedge)).map_err(|error| marked_failure(error, !is_hedge))
}

fn marked<T: Answer>(mut answer: T, is_hedge: bool) -> T {
    answer.attempts().iter_mut().for_each(|attempt| attempt.http.hedge |= is_hedge);
    answer
}

fn marked_failure(mut error: Error, is_hedge: bool) -> Error {
    let mut attempts = error.take_attempts();
    attempts.iter_mut().for_each(|attempt| attempt.http.hedge |= is_hedge);
    error.with_attempts(attempts)
}

impl Trip {
    fn provider(&self, at: usize) -> Option<Arc<dyn Provider>> {
        self.core.spots.get(at).map(|spot| Arc::clone(&spot.target.provider))
    }

    /// When another target is asked beside the one at `at`; never with `None`.
    fn due(&self, at: usize, pace: Pace, now: Nanos) -> Option<Nanos> {
        let hedges = self.core.settings.hedges.as_ref().filter(|_| !self.course.hedged)?;
        let delay: Duration = hedges.delay(self.core.spots.get(at)?, pace)?;
        let due = now.saturating_add(delay);
        self.deadline().is_none_or(|deadline| due < deadline).then_some(due)
    }

    /// No place is left at the one target that there is.
    fn nobody(&self) -> Error {
        Error::new(ErrorKind::RateLimited, Arc::clone(&self.core.settings.name), "its places are taken")
    }
}

/// A plain call.
pub(super) async fn complete(mut trip: Trip) -> Result<Reply, Error> {
    let step = trip.begin()?;
    let Arrived { answer: mut reply, mut journey, .. } = travel::<Reply>(trip, step).await?;
    journey.attempts.append(&mut reply.attempts);
    reply.attempts = journey.attempts;
    reply.fallbacks += journey.fallbacks;
    Ok(reply)
}

/// A streamed call, from here on.
pub(super) async fn stream(trip: Trip, step: Step) -> Result<ReplyStream, Error> {
    let Arrived { answer, at, journey, trip } = travel::<ReplyStream>(trip, step).await?;
    Ok(answer.bound(journey, trip, at))
}
