//! Waiting in line until several limits admit at once.

use core::future::Future;
use core::time::Duration;

use steadfast_clock::{Clock, Nanos, Timer};

use super::{Limits, LimitsError, Reservation};
use crate::concurrency::before;

/// The least wait: a limiter of someone else's that denies for no time at all is not asked without a pause.
const LEAST: Duration = Duration::from_micros(1);

impl<C: Clock + Clone + Send + Sync> Limits<C> {
    /// Waits in line until all limits admit their costs at once, and reserves them.
    ///
    /// Those who wait here are served in the order of their first poll, so that a large cost is not passed by small ones
    /// for ever. What others take from the same limits does not stand in this line. Where waiting is pointless it is
    /// refused at once: when a cost is above what its limit ever admits, and when a limit is known to deny it until
    /// after `deadline`. `timer` and `deadline` are on the clock of the limits.
    ///
    /// # Errors
    ///
    /// Those of [`reserve`](Self::reserve); a denial when it cannot be by `deadline`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the line; nothing is taken. Keeping it without polling it holds up those behind.
    pub fn acquire<T: Timer + ?Sized>(
        &self,
        costs: &[u64],
        deadline: Option<Nanos>,
        timer: &T,
    ) -> impl Future<Output = Result<Reservation<C>, LimitsError>> + Send {
        self.stand_in_line(costs, deadline, timer)
    }

    async fn stand_in_line<T: Timer + ?Sized>(
        &self,
        costs: &[u64],
        deadline: Option<Nanos>,
        timer: &T,
    ) -> Result<Reservation<C>, LimitsError> {
        if let Err(denied) = self.peek(costs, timer.now()) {
            in_time(denied, deadline, timer.now())?;
        }
        let turn = match (self.shared.line.try_lock(), deadline) {
            (Ok(turn), _) => Some(turn),
            (Err(_), None) => Some(self.shared.line.lock().await),
            (Err(_), Some(deadline)) => before(timer.sleep_until(deadline), self.shared.line.lock()).await,
        };
        let Some(_turn) = turn else {
            return Err(self.peek(costs, timer.now()).err().unwrap_or(LimitsError::InLine));
        };
        loop {
            let now = timer.now();
            match self.reserve(costs, now) {
                Ok(reserved) => return Ok(reserved),
                Err(denied) => timer.sleep_until(in_time(denied, deadline, now)?).await,
            }
        }
    }
}

/// When to ask again; the denial itself where that is never, or after the deadline.
fn in_time(denied: LimitsError, deadline: Option<Nanos>, now: Nanos) -> Result<Nanos, LimitsError> {
    let after = denied.denied().and_then(|denied| denied.after).ok_or(denied)?;
    let due = now.saturating_add(after.max(LEAST));
    if deadline.is_some_and(|deadline| due > deadline) { Err(denied) } else { Ok(due) }
}
