//! What the tests share: time that moves when nothing else does, pushes without a network, and a memory of events.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::pool::PoolConfig;
use steadfast_delivery::{
    Artifact, Device, DeviceState, Event, EventKind, HttpPush, HttpPushBuilder, Observer, Outcome, Place, Push,
    PushContext, PushError, Pushed, Report, Rollout, RolloutStatus, Stage, Verified,
};
use steadfast_testkit::{Script, Server};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// No limit of these tests is as long, and no wait is longer.
const HORIZON: Duration = Duration::from_secs(100 * 24 * 3600);
/// The limits of requests, so far away that moving the clock never strikes them.
pub(crate) const NEVER: Duration = Duration::from_secs(1000 * 24 * 3600);

/// Runs a future over real sockets; waits (for retries and deferrals) take no time.
///
/// The clock only moves to the end of a wait. Limits of requests under way lie beyond the horizon, so that a slow
/// socket is not taken for a device that does not answer.
pub(crate) async fn run<F: Future>(clock: &ManualClock, future: F) -> F::Output {
    run_when(clock, || true, future).await
}

/// Runs a future as [`run`] does, but moves the clock only when this says so: not while a disk is at work, say.
pub(crate) async fn run_when<F: Future>(clock: &ManualClock, moves: impl Fn() -> bool, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        if moves() && clock.next_due().is_some_and(|due| due.since(clock.now()) < HORIZON) {
            clock.advance_to_next();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Runs a future without moving the clock, until `done` says so.
pub(crate) async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

/// A push over HTTP on this clock, with this retry policy.
pub(crate) fn http(clock: &ManualClock, policy: Policy) -> HttpPushBuilder {
    // Nor do the limits of connections lie within the horizon.
    let config = PoolConfig::new().max_body(64 * 1024).idle_timeout(NEVER).dial_timeout(NEVER).acquire_timeout(NEVER);
    let pool =
        HttpPush::pool_builder(&policy).config(config).timer(shared(clock.clone())).wall(Arc::new(clock.clone()));
    HttpPush::builder().pool(pool.build().unwrap()).retry(policy).no_progress(NEVER).answer_within(NEVER)
}

/// A server whose records bear this clock's time.
pub(crate) async fn server(clock: &ManualClock, script: Script) -> Server {
    Server::builder().timer(shared(clock.clone())).script(script).start().await.unwrap()
}

pub(crate) fn device(id: &str, address: &str) -> Device {
    Device::new(id, address).unwrap()
}

/// `n` devices that nobody is reached at.
pub(crate) fn devices(n: usize) -> Vec<Device> {
    (0..n).map(|i| device(&format!("d{i}"), "http://127.0.0.1:9")).collect()
}

/// A server that takes connections and reads nothing until it is told to.
pub(crate) struct Deaf {
    listener: TcpListener,
    url: String,
}

/// A connection to it.
pub(crate) struct DeafConnection(TcpStream);

impl Deaf {
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn accept(&self) -> DeafConnection {
        DeafConnection(self.listener.accept().await.unwrap().0)
    }
}

impl DeafConnection {
    /// Reads what is there until the other side is gone; how much it was.
    pub(crate) async fn drain(mut self) -> usize {
        let mut buffer = vec![0; 1 << 20];
        let mut received = 0;
        loop {
            match self.0.read(&mut buffer).await {
                Ok(0) | Err(_) => return received,
                Ok(n) => received += n,
            }
        }
    }
}

type Answer = Box<dyn Fn(Stage, &PushContext, &Device) -> Result<(), PushError> + Send + Sync>;

/// A push without a network: what comes of a stage is a function.
pub(crate) struct Fake(Answer);

impl Fake {
    pub(crate) fn new(
        answer: impl Fn(Stage, &PushContext, &Device) -> Result<(), PushError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self(Box::new(answer)))
    }
}

#[async_trait]
impl Push for Fake {
    async fn push(&self, context: &PushContext, device: &Device, artifact: &Artifact) -> Result<Pushed, PushError> {
        context.attempt_began();
        tokio::task::yield_now().await;
        (self.0)(Stage::Pushing, context, device)?;
        context.sent(artifact.len());
        Ok(Pushed::default())
    }

    async fn verify(&self, context: &PushContext, device: &Device, expected: &str) -> Result<Verified, PushError> {
        tokio::task::yield_now().await;
        (self.0)(Stage::Verifying, context, device)?;
        Ok(Verified::new(Some(expected.to_owned()), Vec::new()))
    }
}

/// What came of a rollout, and of each of its devices.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) status: RolloutStatus,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) report: Report,
}

impl Whole {
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.report.failures()
    }
}

/// Executes a rollout and reads what came of its devices.
pub(crate) async fn whole(rollout: Rollout) -> Whole {
    let handle = rollout.handle();
    let report = rollout.execute().await.unwrap();
    let outcomes = handle.outcomes(Place(0), usize::MAX).await.unwrap();
    Whole { status: report.status.clone(), outcomes, report }
}

/// Remembers all events.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<Event>>>);

impl Memory {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// The states that a device went through, its first included.
    pub(crate) fn path(&self, id: &str) -> Vec<DeviceState> {
        let mut path = vec![DeviceState::Pending];
        for event in self.events() {
            if let EventKind::Device { device, from, to, .. } = event.kind {
                if device == id {
                    assert_eq!(*path.last().unwrap(), from, "events of {id} chain");
                    path.push(to);
                }
            }
        }
        path
    }
}

impl Observer for Memory {
    fn on(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}
