//! What the tests stand on: a pool on a manual clock that moves on by itself at every retry, and a transport that answers
//! as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::mock::{MockFault, MockReply, MockResponse, MockTransport, When};
use steadfast_pool::{
    Event, Observer, Outbound, Pool, PoolBuilder, Reached, SendFuture, Transport, TransportErrorKind,
};

/// Waits are recorded and the clock is moved over them, so that no test waits.
#[derive(Default)]
pub(crate) struct Waits {
    clock: Option<ManualClock>,
    seen: Mutex<Vec<(u32, Duration, bool)>>,
    pub(crate) told: Mutex<Vec<String>>,
}

impl Waits {
    pub(crate) fn all(&self) -> Vec<Duration> {
        self.seen.lock().unwrap().iter().map(|(_, delay, _)| *delay).collect()
    }

    pub(crate) fn hinted(&self) -> Vec<bool> {
        self.seen.lock().unwrap().iter().map(|(_, _, hinted)| *hinted).collect()
    }
}

impl Observer for Waits {
    fn on(&self, event: &Event<'_>) {
        self.told.lock().unwrap().push(format!("{event:?}"));
        if let Event::Retrying { attempt, delay, hinted, .. } = event {
            self.seen.lock().unwrap().push((*attempt, *delay, *hinted));
            if let Some(clock) = &self.clock {
                clock.advance(*delay);
            }
        }
    }
}

pub(crate) struct Rig {
    pub(crate) clock: ManualClock,
    pub(crate) waits: Arc<Waits>,
    pub(crate) pool: Pool,
}

/// A pool on real sockets.
pub(crate) fn rig(build: impl FnOnce(PoolBuilder) -> PoolBuilder) -> Rig {
    let clock = ManualClock::new();
    let waits = Arc::new(Waits { clock: Some(clock.clone()), ..Waits::default() });
    let observer: Arc<dyn Observer> = Arc::clone(&waits) as _;
    let builder = Pool::builder().timer(shared(clock.clone())).wall(Arc::new(clock.clone())).observer(observer);
    let pool = build(builder).build().unwrap();
    Rig { clock, waits, pool }
}

/// Lets the tasks of the runtime run until a sleep of the clock is pending, then moves to it.
pub(crate) async fn let_time_pass(clock: &ManualClock, by: Duration) {
    while clock.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(by);
}

pub(crate) type Reply = Result<(u16, Vec<(&'static str, String)>, &'static str), (TransportErrorKind, Reached, bool)>;

/// Answers from a list, then always with 200.
#[derive(Clone, Debug)]
pub(crate) struct Told(MockTransport);

impl Told {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let transport = MockTransport::new();
        let route = transport.when(When::any());
        for reply in replies {
            route.then(scripted(reply));
        }
        route.always(MockResponse::status(200));
        Arc::new(Self(transport))
    }

    pub(crate) fn sent(&self) -> usize {
        self.0.requests().len()
    }

    /// The headers of each request.
    pub(crate) fn headers(&self) -> Vec<HeaderMap> {
        self.0.requests().into_iter().map(|request| request.headers).collect()
    }
}

impl Transport for Told {
    fn send(&self, request: Outbound) -> SendFuture {
        self.0.send(request)
    }
}

fn scripted(reply: Reply) -> MockReply {
    match reply {
        Ok((code, fields, text)) => {
            let response = MockResponse::status(code).body(text);
            fields.iter().fold(response, |response, (name, value)| response.header(name, value)).into()
        }
        Err((kind, reached, reused)) => MockFault::new(kind, reached).on_reused(reused).into(),
    }
}

pub(crate) fn status(status: u16) -> Reply {
    Ok((status, Vec::new(), ""))
}

pub(crate) fn failed(kind: TransportErrorKind, reached: Reached) -> Reply {
    Err((kind, reached, false))
}

pub(crate) fn stale() -> Reply {
    Err((TransportErrorKind::Closed, Reached::Written, true))
}
