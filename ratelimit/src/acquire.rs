//! Waiting in line until a permit is due, or refusing at once what cannot be in time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use steadfast_clock::{Nanos, Timer};

use crate::line::LATENESS;
use crate::{Decision, Denied, Grant, RateLimiter};

impl<C: Sync> RateLimiter<C> {
    /// Waits in line until `cost` is admitted; at once when nobody waits and it is due. A cost of 0 never waits.
    ///
    /// Those who wait are served in the order of their first poll. Where waiting is pointless it is refused at once:
    /// when `cost` is above the burst, and when it and the costs of those ahead cannot be earned before `deadline`.
    /// Should others take past the line in the meantime, the refusal comes when that is known, 10 ms after the
    /// deadline at the latest. `timer` and `deadline` are on the clock that all uses of this limiter share.
    ///
    /// A grant is stamped with the point that it was due at. Timers wake late: up to 10 ms of that are made up for, so
    /// that a line gets its full rate however coarse the timer. In real time the law of the limiter is therefore
    /// `burst + rate * (t + 10 ms)` for those who wait; by their stamps it is exact.
    ///
    /// # Errors
    ///
    /// [`Denied`], with the time until it would have been admitted in line, or `None` for never.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the line; nothing is taken, and those behind move up. Keeping it without polling it
    /// holds them up once it is at the head.
    pub fn acquire<T: Timer + ?Sized>(
        &self,
        cost: u64,
        deadline: Option<Nanos>,
        timer: &T,
    ) -> impl Future<Output = Result<Grant, Denied>> + Send {
        // Told to be `Send` here, where it is seen for every timer: a caller's compiler cannot always find out.
        self.stand_in_line(cost, deadline, timer)
    }

    async fn stand_in_line<T: Timer + ?Sized>(
        &self,
        cost: u64,
        deadline: Option<Nanos>,
        timer: &T,
    ) -> Result<Grant, Denied> {
        let arrived = timer.now();
        if cost == 0 {
            return Ok(Grant::new(0, arrived));
        }
        // The cell before the line: a grant given in between is then counted once or not at all, never twice.
        let seen = self.cell.read();
        if cost > seen.burst() {
            return Err(Denied::new(self.name(), None, seen.burst()));
        }
        let mut place = self.line.join(cost);
        self.in_time(seen.due(place.ahead.saturating_add(cost), arrived), deadline, arrived)?;

        let turn = self.line.turn.try_lock();
        let at_once = turn.is_ok();
        let mut turn = match (turn, deadline) {
            (Ok(turn), _) => turn,
            (Err(_), None) => self.line.turn.lock().await,
            (Err(_), Some(deadline)) => {
                let late = timer.sleep_until(deadline.saturating_add(LATENESS));
                match before(late, self.line.turn.lock()).await {
                    Some(turn) => turn,
                    None => {
                        let now = timer.now();
                        return Err(self.denied(self.cell.read().due(cost, now), now));
                    }
                }
            }
        };
        let mut now = if at_once { arrived } else { timer.now() };
        let mut stamp = turn.stamp(arrived, now);
        loop {
            place.count(false);
            let denied = match self.cell.take(self.name(), cost, stamp) {
                Decision::Allow(grant) => {
                    turn.give(grant.at(), now);
                    return Ok(grant);
                }
                Decision::Deny(denied) => denied,
            };
            place.count(true);
            let due = denied.after.map(|after| stamp.saturating_add(after));
            self.in_time(due, deadline, now)?;
            let Some(due) = due else { return Err(denied) };
            if due > now {
                // Whichever comes first; what is due by then is judged as of when it was due, all else as of now.
                let _ = before(self.line.changed.notified(), timer.sleep_until(due)).await;
                now = timer.now();
            }
            stamp = due.min(now).max(now.saturating_sub(LATENESS));
        }
    }

    /// Refuses what is due after the deadline.
    fn in_time(&self, due: Option<Nanos>, deadline: Option<Nanos>, now: Nanos) -> Result<(), Denied> {
        match deadline {
            Some(deadline) if due.is_none_or(|due| due > deadline) => Err(self.denied(due, now)),
            _ => Ok(()),
        }
    }

    fn denied(&self, due: Option<Nanos>, now: Nanos) -> Denied {
        Denied::new(self.name(), due.map(|due| due.since(now)), self.quota().burst_size())
    }
}

/// What `wait` gives, or `None` when `late` ends first.
async fn before<F: Future>(late: impl Future<Output = ()>, wait: F) -> Option<F::Output> {
    let (mut late, mut wait) = (pin!(late), pin!(wait));
    poll_fn(|cx| match wait.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}
