//! Time that moves on by itself when everything waits for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use steadfast_clock::{Clock, ManualClock, ManualSleep, Nanos, Timer};

/// How often a sleep lets everything else run before it takes it that nothing else can.
const ROUNDS: u32 = 32;

/// A manual clock whose sleeps move it on to what is due next, once nothing else happens.
///
/// A sleep that is not due asks to be polled again behind everything that can run. When that went so for some rounds in
/// which time stood still, all that there is waits for time, and it moves on.
#[derive(Debug)]
pub(super) struct OnItsOwn {
    clock: ManualClock,
    gate: Arc<Gate>,
}

impl OnItsOwn {
    pub(super) fn new(clock: ManualClock, gate: Arc<Gate>) -> Self {
        Self { clock, gate }
    }
}

impl Clock for OnItsOwn {
    fn now(&self) -> Nanos {
        self.clock.now()
    }
}

impl Timer for OnItsOwn {
    type Sleep = Doze;

    fn sleep_until(&self, at: Nanos) -> Doze {
        let (clock, gate) = (self.clock.clone(), Arc::clone(&self.gate));
        Doze { sleep: self.clock.sleep_until(at), seen: clock.now(), rounds: 0, clock, gate }
    }
}

pub(super) struct Doze {
    sleep: ManualSleep,
    clock: ManualClock,
    gate: Arc<Gate>,
    /// The time at the last poll, and how many polls found it.
    seen: Nanos,
    rounds: u32,
}

impl Future for Doze {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if Pin::new(&mut this.sleep).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if this.gate.parks(cx.waker()) {
            return Poll::Pending;
        }
        let now = this.clock.now();
        if now != this.seen {
            (this.seen, this.rounds) = (now, 0);
        }
        this.rounds += 1;
        if this.rounds > ROUNDS {
            this.rounds = 0;
            this.clock.advance_to_next();
            if Pin::new(&mut this.sleep).poll(cx).is_ready() {
                return Poll::Ready(());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Keeps time from moving on by itself while something waits that time will not bring: a request's body that its sender has
/// not gone on with.
#[derive(Debug, Default)]
pub(super) struct Gate {
    by_hand: AtomicBool,
    inner: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    uploads: usize,
    parked: Vec<Waker>,
}

impl Gate {
    /// From now on only the test moves time.
    pub(super) fn by_hand(&self) {
        self.by_hand.store(true, Ordering::Relaxed);
    }

    /// Whether time must not move by itself now; the task is then woken when that changes.
    fn parks(&self, waker: &Waker) -> bool {
        if self.by_hand.load(Ordering::Relaxed) {
            return true;
        }
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.uploads == 0 {
            return false;
        }
        if !waiting.parked.iter().any(|parked| parked.will_wake(waker)) {
            waiting.parked.push(waker.clone());
        }
        true
    }

    fn hold(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).uploads += 1;
    }

    fn release(&self) {
        let parked = {
            let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.uploads -= 1;
            if waiting.uploads > 0 { Vec::new() } else { std::mem::take(&mut waiting.parked) }
        };
        parked.into_iter().for_each(Waker::wake);
    }
}

/// Holds the gate while an upload waits for its sender.
pub(super) struct Held {
    gate: Arc<Gate>,
    holds: bool,
}

impl Held {
    pub(super) fn new(gate: &Arc<Gate>) -> Self {
        Self { gate: Arc::clone(gate), holds: false }
    }

    pub(super) fn set(&mut self, waits: bool) {
        match (self.holds, waits) {
            (false, true) => self.gate.hold(),
            (true, false) => self.gate.release(),
            _ => {}
        }
        self.holds = waits;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(false);
    }
}
