//! Where calls wait: a book behind a lock, with a clock, and the wakers of those in line.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast_clock::{BoxSleep, Clock, Nanos, SharedTimer, Timer};

use super::book::{Answered, Book, Entered, Ticket, Turn};
use super::cost::Cost;
use super::heard::{Columns, Heard};
use super::limits::Limits;
use super::refusal::Refusal;

/// The book of one scope, shared.
pub(crate) struct Desk {
    pub(super) provider: Arc<str>,
    pub(super) family: Box<str>,
    /// How its vendor tells of limits.
    pub(super) columns: Columns,
    timer: SharedTimer,
    state: Mutex<State>,
}

struct State {
    book: Book,
    wakers: HashMap<u64, Waker>,
}

impl State {
    /// The waker of whoever is first in line, to be woken without the lock.
    fn first(&self) -> Option<Waker> {
        self.wakers.get(&self.book.first()?).cloned()
    }
}

impl Desk {
    pub(super) fn new(provider: Arc<str>, family: &str, timer: SharedTimer, book: Book) -> Self {
        let columns = Columns::of(book.table());
        let state = Mutex::new(State { book, wakers: HashMap::new() });
        Self { provider, family: Box::from(family), columns, timer, state }
    }

    /// Takes over what another client knows ahead.
    pub(super) fn configure(&self, limits: &Limits) {
        self.tell(|book, _| book.configure(limits));
    }

    pub(super) fn typical_output(&self) -> u64 {
        self.lock().book.typical_output()
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Book, Nanos) -> T) -> T {
        read(&self.lock().book, self.timer.now())
    }

    /// Waits in line until the cost is admitted. Dropped before, it has left the line.
    pub(super) async fn admitted(self: &Arc<Self>, cost: Cost, deadline: Option<Nanos>) -> Result<Ticket, Refusal> {
        let entered = self.lock().book.enter(cost, deadline, self.timer.now());
        match entered {
            Entered::Admitted(ticket) => Ok(ticket),
            Entered::Refused(refusal) => Err(refusal),
            Entered::Waiting(id) => Waiting { desk: Arc::clone(self), id, sleep: None, served: false }.await,
        }
    }

    pub(super) fn answered(&self, ticket: &mut Ticket, heard: &Heard, answered: Answered) {
        self.tell(|book, now| book.answered(ticket, heard, answered, now));
    }

    pub(super) fn cut_off(&self, ticket: &Ticket, heard: &Heard) {
        self.tell(|book, now| book.cut_off(ticket, heard, now));
    }

    pub(super) fn settle(&self, ticket: Ticket, took: Option<Cost>) {
        self.tell(|book, now| book.settle(ticket, took, now));
    }

    /// Tells the book something, after which it may be somebody's turn.
    fn tell(&self, tell: impl FnOnce(&mut Book, Nanos)) {
        let first = {
            let mut state = self.lock();
            tell(&mut state.book, self.timer.now());
            state.first()
        };
        if let Some(first) = first {
            first.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("provider", &self.provider).field("family", &self.family).finish_non_exhaustive()
    }
}

/// One who waits.
struct Waiting {
    desk: Arc<Desk>,
    id: u64,
    sleep: Option<(Nanos, BoxSleep)>,
    served: bool,
}

/// The shortest wait before one looks again.
const SHORTEST: Duration = Duration::from_micros(1);

impl Future for Waiting {
    type Output = Result<Ticket, Refusal>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            let now = this.desk.timer.now();
            let (turn, next) = {
                let mut state = this.desk.lock();
                match state.book.turn(this.id, now) {
                    Turn::Until(at) => {
                        state.wakers.insert(this.id, cx.waker().clone());
                        (Turn::Until(at), None)
                    }
                    turn => {
                        state.wakers.remove(&this.id);
                        (turn, state.first())
                    }
                }
            };
            if let Some(next) = next {
                next.wake();
            }
            let at = match turn {
                Turn::Until(at) => at.max(now.saturating_add(SHORTEST)),
                Turn::Admitted(ticket) => {
                    this.served = true;
                    return Poll::Ready(Ok(ticket));
                }
                Turn::Refused(refusal) => {
                    this.served = true;
                    return Poll::Ready(Err(refusal));
                }
            };
            let sleep = match this.sleep.take().filter(|(until, _)| *until == at) {
                Some(sleep) => this.sleep.insert(sleep),
                None => this.sleep.insert((at, this.desk.timer.sleep_until(at))),
            };
            if sleep.1.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.sleep = None;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.served {
            return;
        }
        let first = {
            let mut state = self.desk.lock();
            state.book.leave(self.id);
            state.wakers.remove(&self.id);
            state.first()
        };
        if let Some(first) = first {
            first.wake();
        }
    }
}
