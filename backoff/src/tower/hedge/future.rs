//! The future of a hedged request.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use steadfast_clock::{BoxSleep, Clock, Nanos, Timer};
use tower_service::Service;

use super::HedgeLayer;
use super::attempt::Attempt;
use crate::hedge::{Field, Terms};
use crate::{Budget, HedgeDelay, Unlimited, Verdict};

/// The future of [`Hedge`](super::Hedge). Dropping it drops every request that is under way.
///
/// # Panics
///
/// When it is polled after it was ready.
#[must_use = "futures do nothing unless polled"]
pub struct HedgeFuture<S, Request, D, J, C>
where
    S: Service<Request>,
{
    service: S,
    request: Request,
    layer: HedgeLayer<D, J, Boxing<C>>,
    first: Option<Attempt<S, Request>>,
    sleep: Option<BoxSleep>,
    field: Option<Requests<S, Request>>,
}

/// The requests under way.
type Requests<S, Request> =
    Field<Attempt<S, Request>, <S as Service<Request>>::Response, <S as Service<Request>>::Error>;

/// Nothing is pinned but what is boxed.
impl<S: Service<Request>, Request, D, J, C> Unpin for HedgeFuture<S, Request, D, J, C> {}

impl<S, Request, D, J, C> HedgeFuture<S, Request, D, J, C>
where
    S: Service<Request>,
    Request: Clone,
    C: Timer,
{
    pub(super) fn new(mut ready: S, request: Request, layer: HedgeLayer<D, J, C>) -> Self {
        let HedgeLayer { delay, classify, timer, attempts, budget, cost } = layer;
        let field = Some(Field::new(timer.now()));
        let first = Some(Attempt::sent(&mut ready, request.clone()));
        let layer = HedgeLayer { delay, classify, timer: Boxing(timer), attempts, budget, cost };
        Self { service: ready, request, layer, first, sleep: None, field }
    }
}

impl<S, Request, D, J, C> Future for HedgeFuture<S, Request, D, J, C>
where
    S: Service<Request> + Clone,
    Request: Clone,
    C: Timer,
    D: HedgeDelay,
    J: FnMut(&Result<S::Response, S::Error>) -> Verdict,
{
    type Output = Result<S::Response, S::Error>;

    #[expect(clippy::expect_used, reason = "a future that is polled after its end may panic")]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { service, request, layer, first, sleep, field } = self.get_mut();
        let HedgeLayer { delay, classify, timer, attempts, budget, cost } = layer;
        let budget: &dyn Budget = budget.as_deref().unwrap_or(&Unlimited);
        let terms = Terms { attempts: *attempts, deadline: None, budget, cost: *cost, carried: None };
        let mut operation = |_| Attempt::Waiting(service.clone(), Some(request.clone()));
        let running = field.as_mut().expect("a hedged request was polled after its end");
        let (pinned, asleep) = (Pin::new(&mut *first), Pin::new(&mut *sleep));
        let end = ready!(running.poll(terms, timer, delay, pinned, asleep, &mut operation, classify, cx));
        let first_running = first.take().is_some();
        *sleep = None;
        let field = field.take().expect("polled above");
        let ended = field.finish(end, first_running, timer.now(), budget, delay);
        Poll::Ready(ended.map(|won| won.value).map_err(|failed| failed.error))
    }
}

impl<S: Service<Request>, Request, D, J, C> fmt::Debug for HedgeFuture<S, Request, D, J, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeFuture").field("ended", &self.field.is_none()).finish_non_exhaustive()
    }
}

/// A timer whose sleeps are boxed, so that they can be held without being pinned in place.
struct Boxing<C>(C);

impl<C: Clock> Clock for Boxing<C> {
    fn now(&self) -> Nanos {
        self.0.now()
    }
}

impl<C: Timer> Timer for Boxing<C> {
    type Sleep = BoxSleep;

    fn sleep_until(&self, at: Nanos) -> BoxSleep {
        Box::pin(self.0.sleep_until(at))
    }
}
