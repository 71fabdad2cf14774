//! One call at its desk: each attempt is admitted anew, and the one that is answered is settled by what it took.

use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use steadfast_pool::{Admit, AdmitFuture, Answer, Entry, Pass, Pool, Reached, Refused};

use super::book::{Answered, Ticket};
use super::cost::Cost;
use super::desk::Desk;
use super::estimate::{estimate, took};
use super::heard::Heard;
use crate::problem::Problem;
use crate::{Call, ErrorKind, Usage, Vendor};

/// One call at its desk. Dropped unsettled, it took what was estimated.
pub(crate) struct Booking {
    desk: Arc<Desk>,
    vendor: Arc<Vendor>,
    pool: Pool,
    cost: Cost,
    /// Of the attempt that has an answer.
    ticket: Mutex<Option<Ticket>>,
}

impl Booking {
    /// A call whose request has so many bytes; `most` is how many tokens its answer may have.
    pub(crate) fn new(
        desk: Arc<Desk>,
        vendor: Arc<Vendor>,
        pool: Pool,
        call: &Call,
        body: usize,
        most: Option<u32>,
    ) -> Arc<Self> {
        let cost = estimate(call, body, &vendor.limits, desk.typical_output(), most);
        Arc::new(Self { desk, vendor, pool, cost, ticket: Mutex::new(None) })
    }

    /// Has each attempt admitted.
    pub(crate) fn admit(self: &Arc<Self>) -> Arc<dyn Admit> {
        Arc::new(Door(Arc::clone(self)))
    }

    /// The answer is complete, and took this much, if its provider told.
    pub(crate) fn settle(&self, usage: Option<&Usage>) {
        if let Some(ticket) = self.taken() {
            self.desk.settle(ticket, usage.and_then(|usage| took(usage, &self.vendor.limits)));
        }
    }

    /// The answer was cut off because of a limit.
    pub(crate) fn cut_off(&self, problem: &Problem) {
        let Some(ticket) = self.taken() else { return };
        let headers = problem.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.desk.cut_off(&ticket, &self.desk.columns.read(headers, self.pool.wall()));
        self.desk.settle(ticket, None);
    }

    fn taken(&self) -> Option<Ticket> {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, ticket: Ticket) {
        let before = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).replace(ticket);
        if let Some(before) = before {
            self.desk.settle(before, None);
        }
    }

    /// What an answer says to limits.
    fn meaning(&self, answer: &Answer<'_>) -> (Answered, Vec<(String, String)>) {
        let problem = match answer.status {
            400.. => Problem::of_refusal(answer.body),
            // As in a refusal, where it stands in an answer.
            _ => match memmem::find(answer.body, b"\"error\"").and_then(|_| serde_json::from_slice(answer.body).ok()) {
                Some(value) => match Problem::of_value(&value) {
                    Some(problem) => problem,
                    None => return (Answered::Accepted, Vec::new()),
                },
                None => return (Answered::Accepted, Vec::new()),
            },
        };
        let too_fast = problem.words().any(|word| matches!(word, "slow_down" | "ramp_limit_exceeded"));
        let answered = match self.vendor.kind(answer.status, &problem) {
            ErrorKind::RateLimited if too_fast => Answered::SlowDown,
            ErrorKind::RateLimited => Answered::Limited,
            _ => Answered::Refused,
        };
        (answered, problem.headers)
    }

    fn heard(&self, answer: &Answer<'_>, inside: &[(String, String)]) -> Heard {
        if inside.is_empty() && !self.desk.columns.concern(answer.headers) {
            return Heard::new();
        }
        let now = self.pool.wall();
        let heard = self.desk.columns.read_map(answer.headers, now);
        if inside.is_empty() {
            return heard;
        }
        let told = self.desk.columns.read(inside.iter().map(|(name, value)| (name.as_str(), value.as_str())), now);
        if heard.limits.is_empty() { told.retry_after(heard.retry_after) } else { heard }
    }
}

impl Drop for Booking {
    fn drop(&mut self) {
        self.settle(None);
    }
}

struct Door(Arc<Booking>);

impl Admit for Door {
    fn admit(&self, entry: Entry) -> AdmitFuture<'_> {
        Box::pin(async move {
            match self.0.desk.admitted(self.0.cost, entry.deadline).await {
                Ok(ticket) => {
                    let pass: Box<dyn Pass> = Box::new(Slip { booking: Arc::clone(&self.0), ticket: Some(ticket) });
                    Ok(pass)
                }
                Err(refusal) => Err(Refused::new(refusal.to_string()).retry_in(refusal.after)),
            }
        })
    }
}

/// Leave for one attempt.
struct Slip {
    booking: Arc<Booking>,
    ticket: Option<Ticket>,
}

impl Pass for Slip {
    fn answered(mut self: Box<Self>, answer: &Answer<'_>) {
        let Some(mut ticket) = self.ticket.take() else { return };
        let (answered, inside) = self.booking.meaning(answer);
        let heard = self.booking.heard(answer, &inside);
        self.booking.desk.answered(&mut ticket, &heard, answered);
        match answered {
            Answered::Accepted => self.booking.keep(ticket),
            // What is refused counts as a request, and takes no tokens.
            _ => self.booking.desk.settle(ticket, Some(Cost::new(0, 0))),
        }
    }

    fn failed(mut self: Box<Self>, reached: Reached) {
        let Some(ticket) = self.ticket.take() else { return };
        self.booking.desk.settle(ticket, reached.is_harmless().then_some(Cost::NONE));
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            // Given up midway: the provider may do the work.
            self.booking.desk.settle(ticket, None);
        }
    }
}
