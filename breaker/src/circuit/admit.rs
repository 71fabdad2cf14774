//! Admitting a call: one load while closed, the machine otherwise.

use steadfast_clock::{Clock, Nanos};

use super::{CircuitBreaker, SHUT};
use crate::sync::Ordering;
use crate::{Observer, Rejected, Ticket};

impl<O: Observer> CircuitBreaker<O> {
    /// Admits one call for a permit, and tells when it began if that is going to be asked.
    #[inline]
    pub(crate) fn admit_by<C: Clock + ?Sized>(&self, clock: &C) -> Result<(Ticket, Option<Nanos>), Rejected> {
        let gate = self.gate.load(Ordering::Acquire);
        if gate == SHUT {
            return self.admit_shut(clock);
        }
        let started = if self.slow_after.is_some() { Some(read(clock)) } else { None };
        Ok((Ticket::new(gate, None), started))
    }

    #[cold]
    fn admit_shut<C: Clock + ?Sized>(&self, clock: &C) -> Result<(Ticket, Option<Nanos>), Rejected> {
        let now = clock.now();
        self.admit_locked(now).map(|ticket| (ticket, Some(now)))
    }

    #[cold]
    pub(super) fn admit_locked(&self, now: Nanos) -> Result<Ticket, Rejected> {
        let mut machine = self.lock();
        let (admitted, change) = machine.admit(now);
        self.publish(&machine);
        drop(machine);
        self.tell(change);
        admitted
    }
}

/// Reads the clock, out of the way of those who need not.
#[inline(never)]
fn read<C: Clock + ?Sized>(clock: &C) -> Nanos {
    clock.now()
}
