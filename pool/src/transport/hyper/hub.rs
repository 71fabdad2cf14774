//! The book behind its lock, and what is done about its decisions: dials, deliveries, sweeping, figures.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_clock::{Clock, Nanos, SharedTimer};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use url::Url;

use super::super::connect::Connector;
use super::book::{Book, Effects, Limits};
use super::lease::Lease;
use super::many::Many;
use super::meters::Meters;
use super::parked::Parked;
use super::peer::{Parts, Peer};
use super::slots::Place;
use super::{dial, sweep};
use crate::attempt::Reached;
use crate::config::PoolConfig;
use crate::race;
use crate::transport::{Connections, TransportError, TransportErrorKind};

pub(super) type Granted = Result<Lease, TransportError>;
type Waiting = oneshot::Sender<Granted>;
pub(super) type Sets = Book<Parked, Many, Waiting>;
pub(super) type Outcome = Effects<Parked, Many, Waiting>;

/// How many streams an HTTP/2 connection is thought to carry before it says so itself (RFC 9113, section 6.5.2).
pub(super) const STREAMS: usize = 100;

pub(super) struct Hub {
    state: Mutex<State>,
    pub(super) connector: Arc<Connector>,
    pub(super) timer: SharedTimer,
    pub(super) config: PoolConfig,
    /// Told whenever a closing transport loses its last exchange.
    quiet: Notify,
}

struct State {
    book: Sets,
    meters: Option<Meters>,
    /// Where dials are spawned when a connection is given back outside of a runtime.
    runtime: Option<Handle>,
    /// There while connections are idle; dropping it ends the sweeping.
    sweeper: Option<Sweeper>,
}

struct Sweeper {
    /// When it wakes up by itself.
    due: Nanos,
    /// Has it look earlier.
    sooner: watch::Sender<()>,
}

impl Hub {
    pub(super) fn new(config: &PoolConfig, connector: Connector, timer: SharedTimer, meters: Option<Meters>) -> Self {
        let limits = Limits {
            max_idle: config.max_idle,
            max_idle_per_host: config.max_idle_per_host,
            max_per_host: usize::try_from(config.max_per_host.get()).unwrap_or(usize::MAX),
            idle_timeout: config.idle_timeout,
            max_age: config.max_age,
        };
        let state = State { book: Book::new(limits), meters, runtime: None, sweeper: None };
        Self {
            state: Mutex::new(state),
            connector: Arc::new(connector),
            timer,
            config: config.clone(),
            quiet: Notify::new(),
        }
    }

    /// Asks the book, and does what follows from it.
    pub(super) fn with<R>(self: &Arc<Self>, ask: impl FnOnce(&mut Sets, &mut Outcome) -> R) -> R {
        let mut out = Outcome::default();
        let mut state = self.lock();
        let answer = ask(&mut state.book, &mut out);
        if let State { book, meters: Some(meters), .. } = &mut *state {
            meters.tell(&book.figures(None));
        }
        let sweep = state.book.sweep_due().and_then(|due| state.sweep_by(due));
        let runtime = if out.dials.is_empty() { None } else { state.runtime() };
        let quiet = state.book.is_closing() && state.book.underway() == 0;
        drop(state);
        if quiet {
            self.quiet.notify_waiters();
        }
        if let Some((runtime, sooner)) = sweep {
            runtime.spawn(sweep::run(Arc::downgrade(self), Arc::clone(&self.timer), sooner));
        }
        let Some(now) = (!out.grants.is_empty()).then(|| self.timer.now()) else {
            return self.finish(out, runtime, answer);
        };
        for (who, grant) in std::mem::take(&mut out.grants) {
            // Whoever has gone meanwhile drops the lease, which gives the connection to the next.
            drop(who.send(Ok(Lease::of(self, grant, now))));
        }
        self.finish(out, runtime, answer)
    }

    fn finish<R>(self: &Arc<Self>, out: Outcome, runtime: Option<Handle>, answer: R) -> R {
        if let Some(runtime) = runtime {
            for begin in out.dials {
                runtime.spawn(dial::run(Arc::downgrade(self), Arc::clone(&self.connector), begin, None));
            }
        }
        answer
    }

    /// A connection for one exchange with the host of `url`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the queue; a dial that was begun for it goes on and serves another, or lies idle.
    pub(super) async fn acquire(self: &Arc<Self>, url: &Url) -> Granted {
        let Some(parts) = Parts::of(url) else { return Err(unsendable()) };
        let now = self.timer.now();
        let grant = self.with(|book, out| match book.is_closing() {
            true => Err(closing()),
            false => Ok(book.take(parts, now, out)),
        })?;
        match grant {
            Some(grant) => Ok(Lease::of(self, grant, now)),
            None => Box::pin(self.queue(url, parts, now)).await,
        }
    }

    async fn queue(self: &Arc<Self>, url: &Url, parts: Parts<'_>, begun: Nanos) -> Granted {
        let peer = Arc::new(Peer::of(url).ok_or_else(unsendable)?);
        let streams = self.streams(&peer);
        let (who, mut answer) = oneshot::channel();
        self.lock().runtime = Handle::try_current().ok();
        let (set, ticket) = self.with(|book, out| book.wait(parts, || (peer, streams), who, begun, out));
        let _place = Queued { hub: self, set, ticket };
        let mut due = begun.saturating_add(self.config.acquire_timeout);
        loop {
            match race::before(&self.timer, due, Pin::new(&mut answer)).await {
                Some(Ok(granted)) => return granted,
                Some(Err(_)) => return Err(closing()),
                // While a dial is under way for it, the limits of dialling serve.
                None if self.lock().book.is_dialling(set, ticket) == Some(false) => {
                    let error = TransportError::new(TransportErrorKind::AcquireTimeout, Reached::NotConnected);
                    let limit = self.config.acquire_timeout.as_secs_f64();
                    return Err(error.detailed(format!("more than {limit:.1} s")));
                }
                None => due = self.timer.now().saturating_add(self.config.acquire_timeout.max(MOMENT)),
            }
        }
    }

    /// Opens connections ahead of need; tells how many are there.
    pub(super) async fn warm(self: &Arc<Self>, url: &Url, wanted: usize) -> Result<usize, TransportError> {
        loop {
            let Some(parts) = Parts::of(url) else { return Err(unsendable()) };
            let peer = Arc::new(Peer::of(url).ok_or_else(unsendable)?);
            let streams = self.streams(&peer);
            let (there, dials) = self.with(|book, _| match book.is_closing() {
                true => Err(closing()),
                false => Ok(book.open(parts, || (peer, streams), wanted)),
            })?;
            if dials.is_empty() {
                return Ok(there);
            }
            let mut reports = Vec::new();
            for begin in dials {
                let (report, reported) = oneshot::channel();
                tokio::spawn(dial::run(Arc::downgrade(self), Arc::clone(&self.connector), begin, Some(report)));
                reports.push(reported);
            }
            for report in reports {
                match report.await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return Err(error),
                    // No longer wanted: what is spoken there needs fewer, or the transport is closing.
                    Err(_) => {}
                }
            }
        }
    }

    pub(super) async fn close(self: Arc<Self>) {
        let waited = self.with(|book, out| book.close(out));
        for who in waited {
            drop(who.send(Err(closing())));
        }
        loop {
            let mut quiet = std::pin::pin!(self.quiet.notified());
            quiet.as_mut().enable();
            if self.lock().book.underway() == 0 {
                return;
            }
            quiet.await;
        }
    }

    pub(super) fn figures(&self, name: Option<&str>) -> Connections {
        self.lock().book.figures(name)
    }

    /// When the next sweep is due; ends the sweeping when nothing is idle.
    pub(super) fn next_sweep(&self) -> Option<Nanos> {
        let mut state = self.lock();
        let due = state.book.sweep_due();
        match (&mut state.sweeper, due) {
            (Some(sweeper), Some(due)) => sweeper.due = due,
            (sweeper, _) => *sweeper = None,
        }
        due
    }

    /// The sweeping ended before its time.
    pub(super) fn sweeper_gone(&self) {
        self.lock().sweeper = None;
    }

    /// How many streams an HTTP/2 connection to the peer is thought to take.
    pub(super) fn streams_of(&self, set: Place) -> usize {
        self.lock().book.streams_of(set).unwrap_or(STREAMS)
    }

    /// Whether an HTTP/2 connection has streams.
    pub(super) fn is_used(&self, set: Place, id: u64) -> bool {
        self.lock().book.is_used(set, id)
    }

    fn streams(&self, peer: &Peer) -> Option<usize> {
        let prior = self.config.http2_prior_knowledge && !self.config.http1_only;
        (!peer.target.https && prior).then_some(STREAMS)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a waiter adds at least to its time while a dial is under way for it.
const MOMENT: Duration = Duration::from_secs(1);

impl State {
    fn runtime(&self) -> Option<Handle> {
        Handle::try_current().ok().or_else(|| self.runtime.clone())
    }

    /// Has the sweeper look at `due` at the latest; what one is begun with when there is none.
    fn sweep_by(&mut self, due: Nanos) -> Option<(Handle, watch::Receiver<()>)> {
        if let Some(sweeper) = &mut self.sweeper {
            if due < sweeper.due {
                sweeper.due = due;
                sweeper.sooner.send_replace(());
            }
            return None;
        }
        let runtime = Handle::try_current().ok()?;
        let (sooner, told) = watch::channel(());
        self.sweeper = Some(Sweeper { due, sooner });
        Some((runtime, told))
    }
}

/// A place in a queue.
struct Queued<'h> {
    hub: &'h Arc<Hub>,
    set: Place,
    ticket: u64,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.hub.with(|book, out| book.leave(self.set, self.ticket, out));
    }
}

fn closing() -> TransportError {
    TransportError::new(TransportErrorKind::Closing, Reached::NotConnected)
}

fn unsendable() -> TransportError {
    TransportError::new(TransportErrorKind::Request, Reached::NotConnected).detailed("its URL")
}
