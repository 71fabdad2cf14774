//! Attempts side by side: the first good answer wins.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use steadfast_backoff::{Budget, Hedge, HedgeFailed, Hedged, Verdict};
use steadfast_breaker::State;
use steadfast_clock::{Clock, Nanos};
use steadfast_ratelimit::{Limiter, OwnedInFlight};

use super::admit::unused;
use super::attempted::{Attempted, Leave, numbered};
use super::call::Call;
use crate::attempt::Attempt;
use crate::context::Resend;
use crate::event::Event;
use crate::hedging::Hedging;
use crate::host::HEDGES_WON;
use crate::transport::Exchange;

/// What the ledger says of an attempt that another one was faster than.
const OUTRUN: &str = "dropped: another attempt was faster";

/// How the call is hedged, if it is and may be.
pub(super) fn of(call: &Call<'_>) -> Option<Hedging> {
    let request = call.request;
    let hedging = request.hedging.as_ref().or(call.host.config.hedging.as_ref())?;
    let repeatable = request.is_idempotent() || request.context.resend == Resend::Always;
    (repeatable && request.body.is_replayable()).then(|| hedging.clone())
}

/// Makes the attempt that was let through, and others beside it when it takes too long.
pub(super) fn raced<'a>(
    call: &'a mut Call<'_>,
    hedging: Hedging,
    leave: Leave,
    place: Option<OwnedInFlight>,
) -> Running<'a, Lap> {
    Box::pin(race(call, hedging, leave, place))
}

async fn race(call: &mut Call<'_>, hedging: Hedging, leave: Leave, place: Option<OwnedInFlight>) -> Lap {
    let ledger = Mutex::new(Ledger::default());
    let (attempted, place) = {
        let toll = Toll { call, hedging, paid: Mutex::new(Some((leave, place))) };
        match field(&toll, &ledger).await {
            Ok(hedged) => hedged.value,
            Err(never) => match never.error {},
        }
    };
    let Ledger { ended, outrun } = ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
    if attempted.record.hedge && !matches!(attempted.judged.verdict, Verdict::Retry { .. }) {
        call.counted(HEDGES_WON);
    }
    // The one whose result it is comes last.
    let decisive = attempted.record.number;
    let others = ended.into_iter().filter(|record| record.number != decisive);
    let outrun = outrun.into_iter().inspect(|record| call.tell(&Event::AttemptEnded { attempt: record }));
    let before: Vec<Attempt> = others.chain(outrun).collect();
    call.hedged(before);
    (attempted, place)
}

/// Runs the attempts, until one decides. With its lifetimes named, for the compiler to see that it can be sent.
fn field<'a>(
    toll: &'a Toll<'a>,
    ledger: &'a Mutex<Ledger>,
) -> Running<'a, Result<Hedged<Lap>, HedgeFailed<Infallible>>> {
    let Toll { call, hedging, .. } = toll;
    let mut hedge = Hedge::new(Arc::clone(&hedging.delay), Arc::clone(&call.pool.timer))
        .attempts(hedging.max.saturating_add(1))
        .budget(toll);
    if let Some(deadline) = call.deadline {
        hedge = hedge.deadline(deadline);
    }
    let start = |number: u32| lap(call, ledger, call.number().saturating_add(number - 1), toll.take());
    Box::pin(hedge.run(start, |result: &Result<Lap, Infallible>| match result {
        Ok((attempted, _)) => attempted.judged.verdict,
        Err(never) => match *never {},
    }))
}

/// One of the attempts, and the place that it has.
type Lap = (Attempted, Option<OwnedInFlight>);

/// A future whose type is not told.
type Running<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn lap<'a>(
    call: &'a Call<'a>,
    ledger: &'a Mutex<Ledger>,
    number: u32,
    paid: Paid,
) -> Running<'a, Result<Lap, Infallible>> {
    Box::pin(run(call, ledger, number, paid))
}

async fn run(call: &Call<'_>, ledger: &Mutex<Ledger>, number: u32, (leave, place): Paid) -> Result<Lap, Infallible> {
    let started = call.pool.timer.now();
    let hedge = number > call.number();
    if hedge {
        call.begin_hedge(number);
    }
    let exchange = Arc::new(Exchange::on(Arc::clone(&call.pool.timer)).afresh(call.stale_resent));
    let mut under_way = UnderWay { call, ledger, number, started, hedge, exchange: &exchange, ended: false };
    let attempted = numbered(call, number, started, leave, &exchange).await;
    under_way.ended = true;
    lock(ledger).ended.push(attempted.record.clone());
    Ok((attempted, place))
}

/// The records of a race.
#[derive(Default)]
struct Ledger {
    ended: Vec<Attempt>,
    outrun: Vec<Attempt>,
}

/// An attempt that has not ended. Dropped before, it was outrun, or the caller went away and nobody reads the ledger.
struct UnderWay<'a> {
    call: &'a Call<'a>,
    ledger: &'a Mutex<Ledger>,
    number: u32,
    started: Nanos,
    hedge: bool,
    exchange: &'a Exchange,
    ended: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let reached = self.exchange.reached();
        let elapsed = self.call.pool.timer.now().since(self.started);
        let record = Attempt {
            number: self.number,
            target: Arc::clone(&self.call.scope),
            status: None,
            error: Some(OUTRUN.to_owned()),
            reached,
            elapsed,
            wait: None,
            hinted: false,
            maybe_executed: !reached.is_harmless(),
            server_request_id: None,
            hedge: self.hedge,
        };
        lock(self.ledger).outrun.push(record);
    }
}

/// What lets an attempt through, and the host's place, where it has such.
type Paid = (Leave, Option<OwnedInFlight>);

/// What a hedge must pass, all of it at once and without waiting: it is asked as the budget that hedges are taken from.
struct Toll<'a> {
    call: &'a Call<'a>,
    hedging: Hedging,
    paid: Mutex<Option<Paid>>,
}

impl Toll<'_> {
    fn take(&self) -> Paid {
        lock(&self.paid).take().unwrap_or_default()
    }

    /// Place, breaker, whoever else admits, budgets, and last the rate, which cannot be given back.
    fn pass(&self, cost: u32, now: Nanos) -> Option<Paid> {
        let Call { host, breaker, pool, .. } = self.call;
        let place = match &host.places {
            Some(places) => Some(places.try_acquire_owned().ok()?),
            None => None,
        };
        let permit = match breaker {
            // A host that is being probed is not to be asked more than that.
            Some(breaker) if breaker.status(now).state != State::Closed => return None,
            Some(breaker) => Some(breaker.permit_owned(Arc::clone(&pool.timer)).ok()?),
            None => None,
        };
        // What is asked here is given back below where the rest says no.
        let pass = match &self.call.request.admit {
            None => None,
            Some(admit) => {
                let mut asked = admit.admit(self.call.entry());
                match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Ok(pass)) => Some(pass),
                    _ => return None,
                }
            }
        };
        let paid = self.hedging.budget.withdraw(cost, now)
            && self.call.budget().is_none_or(|budget| budget.withdraw(cost, now))
            && host.limiter.as_ref().is_none_or(|limiter| limiter.take(1, now).is_allowed());
        if !paid {
            unused(pass);
            return None;
        }
        Some((Leave { permit, pass }, place))
    }
}

impl Budget for Toll<'_> {
    fn deposit(&self, now: Nanos) {
        // The budget of retries hears of the success by itself.
        self.hedging.budget.deposit(now);
    }

    fn withdraw(&self, cost: u32, now: Nanos) -> bool {
        let carried = self.call.request.context.carried.as_deref();
        if carried.is_some_and(|carried| !carried.begin()) {
            return false;
        }
        let paid = self.pass(cost, now);
        let passed = paid.is_some();
        if let (Some(carried), false) = (carried, passed) {
            carried.give_back();
        }
        *lock(&self.paid) = paid;
        passed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
