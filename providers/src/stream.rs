//! A streamed answer: events as they come, from one provider or, where it fails early enough, from the next one.

mod live;
mod place;
mod reader;
mod rejoin;
mod source;
mod splice;
mod tally;
mod watch;

use std::collections::VecDeque;
use std::fmt;

use crate::cached::Keeper;
use crate::metered::Counted;
use crate::router::{Journey, Leg, SoFar, Trip};
use crate::{Attempt, BoxFuture, CacheHit, Cost, Error, ErrorKind, Event, Reply, Usage};

pub(crate) use live::Live;
pub use source::EventSource;
use source::{Listed, Source};
use tally::Tally;

use splice::Splice;

/// A streamed answer.
///
/// A stream that ends before its [`Event::Finish`] gives an error, never a silent end. Memory is bounded by what arrives
/// at once and the text itself. Dropping the stream closes its connection.
pub struct ReplyStream {
    source: Source,
    /// Of the routers that it came through, who may take over; the innermost last.
    legs: Vec<Leg>,
    /// The first piece of the answer is there, so that nobody takes over unnoticed.
    settled: bool,
    /// The next provider is being asked.
    switching: Option<BoxFuture<'static, Result<ReplyStream, Error>>>,
    /// Events that wait for the first text, because another provider may still take over; and what came with it.
    held: VecDeque<Event>,
    /// Events of the source that came before it was this stream's.
    ahead: VecDeque<Event>,
    /// The events are those of a provider that goes on with what another one began.
    splice: Option<Splice>,
    journey: Journey,
    tally: Tally,
    /// Who is told how the call ends.
    counted: Option<Counted>,
    /// Where the answer comes from when nobody was asked.
    cached: Option<CacheHit>,
    /// Who keeps the answer.
    keeper: Option<Keeper>,
    over: bool,
}

/// What came of asking for the next event.
enum Pulled {
    Event(Event),
    /// It is held back, or there is a reason to ask again.
    Nothing,
    Error(Error),
}

impl ReplyStream {
    /// A stream from a source of your own.
    #[must_use]
    pub fn new(source: impl EventSource + 'static) -> Self {
        Self::of(Source::Custom(Box::new(source)), Vec::new())
    }

    /// A stream of events that are there already.
    #[must_use]
    pub fn from_events<I>(events: I) -> Self
    where
        I: IntoIterator<Item = Result<Event, Error>>,
        I::IntoIter: Send + 'static,
    {
        Self::new(Listed(events.into_iter()))
    }

    pub(crate) fn live(live: Live, attempts: Vec<Attempt>) -> Self {
        Self::of(Source::Live(Box::new(live)), attempts)
    }

    fn of(source: Source, attempts: Vec<Attempt>) -> Self {
        Self {
            source,
            legs: Vec::new(),
            settled: false,
            switching: None,
            held: VecDeque::new(),
            ahead: VecDeque::new(),
            splice: None,
            journey: Journey { attempts, ..Journey::default() },
            tally: Tally::default(),
            counted: None,
            cached: None,
            keeper: None,
            over: false,
        }
    }

    /// Puts a router around the stream.
    pub(crate) fn within(mut self, mut leg: Leg) -> Self {
        if self.settled {
            leg.began();
        }
        // The outer router is asked when those inside have given up.
        self.legs.insert(0, leg);
        if let Some(keeper) = &mut self.keeper {
            keeper.within_router = true;
        }
        self
    }

    /// Tells what the outermost router did before, and who may take over.
    pub(crate) fn bound(mut self, before: Journey, trip: Trip, at: usize) -> Self {
        self.journey = before.then(std::mem::take(&mut self.journey));
        if let Some(leg) = self.legs.first_mut() {
            leg.bind(trip, at);
        }
        self
    }

    /// Waits for the first piece of the answer, which is held for [`next`](Self::next).
    pub(crate) async fn first(&mut self) -> Result<(), Error> {
        while !self.is_settled() && !self.over {
            match self.pull().await {
                Pulled::Event(event) => self.held.push_back(event),
                Pulled::Nothing => {}
                Pulled::Error(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The ledger, to be written into.
    pub(crate) fn ledger(&mut self) -> &mut [Attempt] {
        &mut self.journey.attempts
    }

    /// Says that nobody was asked.
    pub(crate) fn answered_by(mut self, hit: CacheHit) -> Self {
        self.cached = Some(hit);
        self
    }

    /// Has the answer kept. Of several who would, the outermost one does.
    pub(crate) fn kept_by(mut self, keeper: Keeper) -> Self {
        self.keeper = Some(keeper);
        self
    }

    /// Counts the call, once it has ended.
    pub(crate) fn counted(mut self, counted: Counted) -> Self {
        self.counted = Some(counted);
        self
    }

    /// The next event; `None` after the last.
    ///
    /// # Errors
    ///
    /// An [`Error`] with the attempts, and in [`Error::partial_text`] with what came. After it there is nothing more.
    /// [`ErrorKind::Truncated`] when the stream ends before its finish, [`ErrorKind::Timeout`] when it stalls, or what the
    /// provider tells in the middle of it.
    ///
    /// # Cancel safety
    ///
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        if let Some(event) = self.at_hand() {
            return Some(event);
        }
        let next = self.advance().await;
        if let Some(keeper) = &mut self.keeper {
            match &next {
                Some(Ok(event)) => keeper.note(event),
                Some(Err(_)) => self.keeper = None,
                None => keeper.kept().await,
            }
        }
        next
    }

    /// The next event where it is here already, and there is nothing to decide about it: so it is with most of those that
    /// came together.
    fn at_hand(&mut self) -> Option<Result<Event, Error>> {
        let in_between = self.keeper.is_some() || self.splice.is_some();
        if in_between || !self.is_settled() || !self.held.is_empty() || !self.ahead.is_empty() {
            return None;
        }
        let Source::Live(live) = &mut self.source else { return None };
        let event = live.at_hand()?;
        Some(match self.note(&event) {
            Ok(()) => Ok(event),
            Err(error) => Err(self.fail(error)),
        })
    }

    async fn advance(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if self.is_settled() {
                if let Some(event) = self.held.pop_front() {
                    return Some(Ok(event));
                }
            }
            if self.over {
                return None;
            }
            match self.pull().await {
                Pulled::Event(event) => return Some(Ok(event)),
                Pulled::Nothing => {}
                Pulled::Error(error) => return Some(Err(error)),
            }
        }
    }

    /// Whether nobody takes over unnoticed any more.
    fn is_settled(&self) -> bool {
        self.settled || self.legs.is_empty()
    }

    /// Asks for the next event once, or for the next provider.
    async fn pull(&mut self) -> Pulled {
        if let Some(switching) = &mut self.switching {
            let result = switching.as_mut().await;
            self.switching = None;
            return match self.resume(result) {
                Ok(()) => Pulled::Nothing,
                Err(error) => Pulled::Error(error),
            };
        }
        let next = match self.ahead.pop_front() {
            Some(event) => Some(Ok(event)),
            None => {
                let next = self.source.next().await;
                self.catch_up();
                next
            }
        };
        let event = match next {
            Some(Ok(event)) => event,
            Some(Err(error)) => return self.broke_off(error),
            None if self.tally.finish.is_some() => {
                self.end();
                return Pulled::Nothing;
            }
            None => {
                let what = "the stream ended before it was finished";
                return self.broke_off(Error::new(ErrorKind::Truncated, self.tally.provider.as_str(), what));
            }
        };
        if self.splice.is_some() {
            return self.spliced(event);
        }
        if let Err(error) = self.note(&event) {
            return Pulled::Error(self.fail(error));
        }
        if self.is_settled() {
            return Pulled::Event(event);
        }
        let settles = event.is_content() || matches!(event, Event::Finish(_));
        if matches!(event, Event::Usage(_)) {
            self.held.retain(|held| !matches!(held, Event::Usage(_)));
        }
        self.held.push_back(event);
        if settles {
            self.settled = true;
            self.legs.iter_mut().for_each(Leg::began);
        }
        Pulled::Nothing
    }

    /// Takes in an event of a provider that goes on with the answer of another one.
    fn spliced(&mut self, event: Event) -> Pulled {
        if let Event::Start { .. } = event {
            if let Err(error) = self.note(&event) {
                return Pulled::Error(self.fail(error));
            }
        }
        let Some(splice) = &mut self.splice else { return Pulled::Nothing };
        let (seam, event) = splice.take(event);
        if seam.is_some() {
            self.legs.iter_mut().for_each(Leg::began);
        }
        for event in seam.into_iter().chain(event) {
            if let Err(error) = self.note(&event) {
                return Pulled::Error(self.fail(error));
            }
            self.held.push_back(event);
        }
        Pulled::Nothing
    }

    fn broke_off(&mut self, error: Error) -> Pulled {
        match self.switch(error) {
            Some(error) => Pulled::Error(self.fail(error)),
            None => Pulled::Nothing,
        }
    }

    /// The rest of the stream, and what came before, as one answer: the same as of the plain call.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the stream.
    pub async fn collect(mut self) -> Result<Reply, Error> {
        while let Some(event) = self.next().await {
            event?;
        }
        let cached = self.cached;
        let Tally { provider, model, id, message, extra, usage, seams, finish, .. } = std::mem::take(&mut self.tally);
        let Journey { attempts, fallbacks, .. } = std::mem::take(&mut self.journey);
        let Some(finish) = finish else {
            let error = Error::new(ErrorKind::Truncated, provider, "the stream had failed before it was collected");
            return Err(error.with_attempts(attempts).with_fallbacks(fallbacks));
        };
        let message = message.finish();
        Ok(Reply { message, finish, usage, provider, model, id, extra, attempts, fallbacks, seams, cached })
    }

    /// Every attempt so far, at every provider, in order.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.journey.attempts
    }

    /// What the call cost so far: of an answer that is still coming, nothing is known.
    #[must_use]
    pub fn cost(&self) -> Cost {
        Cost::of(&self.journey.attempts)
    }

    /// How often the call was moved to another provider so far.
    #[must_use]
    pub fn fallbacks(&self) -> u32 {
        self.journey.fallbacks
    }

    /// Where the answer comes from when this call asked nobody for it. A router may still ask until the first event.
    #[must_use]
    pub fn cached(&self) -> Option<&CacheHit> {
        self.cached.as_ref()
    }

    fn note(&mut self, event: &Event) -> Result<(), Error> {
        self.tally.note(event)?;
        if let Event::Finish(_) = event {
            if let Some(last) = self.journey.attempts.last_mut() {
                last.http.reached = steadfast_pool::Reached::Body;
            }
            self.bill(None);
            if let Some(counted) = self.counted.take() {
                // What a cache answers takes no tokens.
                let usage = if self.cached.is_some() { Usage::default() } else { self.tally.usage };
                counted.answered(usage, &self.journey.attempts, self.journey.fallbacks, self.cached.is_some());
            }
        }
        Ok(())
    }

    /// Asks the next provider, if there is one that may take over; otherwise gives the error back.
    fn switch(&mut self, error: Error) -> Option<Error> {
        self.mark_failed(&error);
        self.bill(Some(&error));
        self.source = Source::Spent;
        self.ahead.clear();
        self.cached = None;
        self.keeper = self.keeper.take().filter(|keeper| !keeper.within_router);
        let mut error = error;
        while let Some(leg) = self.legs.pop() {
            let why = error.kind();
            let so_far = match self.tally.message.only_text() {
                _ if !self.settled => SoFar::Nothing,
                _ if self.tally.finish.is_some() => SoFar::Parts,
                Some(text) => SoFar::Text(text),
                None => SoFar::Parts,
            };
            match leg.after(error, so_far, &mut self.journey) {
                Ok(switching) => {
                    self.switching = Some(switching);
                    match so_far {
                        SoFar::Text(text) => {
                            let Tally { provider, model, usage, .. } = &self.tally;
                            let from = self.splice.as_ref().and_then(Splice::from).unwrap_or((provider, model));
                            self.splice = Some(Splice::new(text, from, *usage, why));
                        }
                        _ => {
                            self.held.clear();
                            self.tally = Tally::default();
                        }
                    }
                    return None;
                }
                Err(still) => error = still,
            }
        }
        Some(error)
    }

    /// Writes down what the last attempt came to, now that it has ended.
    fn bill(&mut self, error: Option<&Error>) {
        let Source::Live(live) = &mut self.source else { return };
        if let Some(last) = self.journey.attempts.last_mut() {
            last.bill(live.bill());
        }
        match error {
            None => live.recording().answered(&self.journey.attempts),
            Some(error) => live.recording().failed(error, &self.journey.attempts),
        }
    }

    /// The ledger's last attempt brought a head, and then no answer. Unless it is known to have failed already: then the
    /// error is that of an attempt to come.
    fn mark_failed(&mut self, error: &Error) {
        if let Some(last) = self.journey.attempts.last_mut().filter(|last| last.http.error.is_none()) {
            last.http.error = Some(error.what().to_owned());
            last.http.maybe_executed = true;
        }
    }

    /// Goes on with the stream of the next provider, or with the next router if there is none.
    fn resume(&mut self, result: Result<Self, Error>) -> Result<(), Error> {
        match result {
            Ok(mut next) => {
                self.source = std::mem::replace(&mut next.source, Source::Spent);
                self.legs.append(&mut next.legs);
                // It may have been asked in a race, and then brings what it won by.
                self.ahead = std::mem::take(&mut next.held);
                self.cached = next.cached;
                if self.keeper.is_none() {
                    // What is around this stream is around that one, too.
                    self.keeper = next.keeper.take();
                }
                self.journey = std::mem::take(&mut self.journey).then(std::mem::take(&mut next.journey));
                Ok(())
            }
            Err(error) => match self.switch(error) {
                Some(error) => Err(self.fail(error)),
                None => Ok(()),
            },
        }
    }

    /// The end, for good.
    fn fail(&mut self, error: Error) -> Error {
        self.mark_failed(&error);
        self.held.clear();
        let text = self.tally.message.text();
        let error = self.journey.close(error).with_partial(text);
        if let Some(counted) = self.counted.take() {
            counted.failed(&error);
        }
        self.end();
        error
    }

    fn end(&mut self) {
        self.tally.position = self.position();
        self.over = true;
        self.source = Source::Spent;
        self.legs.clear();
    }
}

impl Drop for ReplyStream {
    /// Of a stream that is dropped in the middle, what it came to so far is written down.
    fn drop(&mut self) {
        if self.tally.finish.is_some() {
            return;
        }
        if let Source::Live(live) = &mut self.source {
            if let Some(last) = self.journey.attempts.last_mut() {
                last.bill(live.bill());
            }
            live.recording().cancelled(&self.journey.attempts);
        }
        if let Some(counted) = self.counted.take() {
            counted.cancelled(&self.journey.attempts, self.journey.fallbacks);
        }
    }
}

impl fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyStream")
            .field("provider", &self.tally.provider)
            .field("len", &self.tally.message.len())
            .field("finish", &self.tally.finish)
            .field("attempts", &self.journey.attempts)
            .field("cached", &self.cached)
            .finish_non_exhaustive()
    }
}
