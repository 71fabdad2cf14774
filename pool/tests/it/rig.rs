//! What the tests stand on: a pool on a manual clock that moves on by itself at every retry, and a transport that answers
//! as it is told.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use steadfast_clock::{ManualClock, shared};
use steadfast_pool::{
    Event, Inbound, Observer, Outbound, Pool, PoolBuilder, Reached, SendFuture, Transport, TransportError,
    TransportErrorKind,
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

/// Answers from a list; records what it was asked.
#[derive(Default)]
pub(crate) struct Told {
    replies: Mutex<VecDeque<Reply>>,
    pub(crate) headers: Mutex<Vec<HeaderMap>>,
}

impl Told {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self { replies: Mutex::new(replies.into_iter().collect()), headers: Mutex::default() })
    }

    pub(crate) fn sent(&self) -> usize {
        self.headers.lock().unwrap().len()
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

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl Transport for Told {
    fn send(&self, request: Outbound) -> SendFuture {
        self.headers.lock().unwrap().push(request.headers.clone());
        let reply = self.replies.lock().unwrap().pop_front().unwrap_or_else(|| status(200));
        Box::pin(async move {
            if let Some(mut body) = request.body {
                while let Some(frame) = body.frame().await {
                    frame.unwrap();
                }
            }
            match reply {
                Ok((code, fields, text)) => {
                    let mut headers = HeaderMap::new();
                    for (name, value) in fields {
                        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
                    }
                    let body = Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {});
                    Ok(Inbound::new(StatusCode::from_u16(code).unwrap(), headers, Box::pin(body)))
                }
                Err((kind, reached, reused)) => Err(TransportError::new(kind, reached).on_reused(reused)),
            }
        })
    }
}
