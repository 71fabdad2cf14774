//! A shared breaker ruled by hand. Results of calls from before change nothing afterwards.

use steadfast_clock::Nanos;

use super::CircuitBreaker;
use crate::{Machine, Observer, Transition};

impl<O: Observer> CircuitBreaker<O> {
    /// Opens until someone says otherwise: every call is rejected, and no time is told.
    pub fn force_open(&self, now: Nanos) {
        self.by_hand(|machine| machine.force_open(now));
    }

    /// Closes until someone says otherwise: every call is admitted and counted, and nothing opens it.
    pub fn force_closed(&self, now: Nanos) {
        self.by_hand(|machine| machine.force_closed(now));
    }

    /// Switches off until someone says otherwise: every call is admitted, nothing is counted.
    pub fn disable(&self, now: Nanos) {
        self.by_hand(|machine| machine.disable(now));
    }

    /// Begins anew, closed and by its rule, whatever it was before.
    pub fn reset(&self, now: Nanos) {
        self.by_hand(|machine| machine.reset(now));
    }

    fn by_hand(&self, act: impl FnOnce(&mut Machine) -> Transition) {
        let mut machine = self.lock();
        let change = act(&mut machine);
        self.publish(&machine);
        drop(machine);
        self.tell(Some(change));
    }
}
