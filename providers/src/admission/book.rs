//! The book of one scope: what is known of its limits, who holds how much of them, and who waits. Pure: the time is an
//! argument.

mod line;
mod snapshot;

use std::time::Duration;

use steadfast_clock::Nanos;

use super::cost::Cost;
use super::heard::{Heard, MOST_LIMITS};
use super::limits::Limits;
use super::meter::{Hold, Meter};
use super::ramp::{Pulse, Ramp};
use super::table::{LimitHeader, LimitTable};

use line::Line;
pub use line::{Entered, Turn};
pub use snapshot::{BookSnapshot, LimitSnapshot};

/// The limits of one provider, key and family of models, as they are known.
///
/// A call [enters](Self::enter) with an estimate of its cost and is admitted, put in line or refused. Its [`Ticket`] is
/// told of the [answer](Self::answered), whose headers correct what is known, and is [settled](Self::settle) by what the
/// call took.
///
/// ```
/// use steadfast_clock::Nanos;
/// use steadfast_providers::admission::{Answered, Book, Cost, Entered, Heard, LimitTable, Limits, Observed};
///
/// let mut book = Book::new(LimitTable::OPENAI, &Limits::new());
/// let now = Nanos::ZERO;
/// let Entered::Admitted(mut ticket) = book.enter(Cost::new(20, 100), None, now) else { panic!("nothing is known") };
/// let heard = Heard::new().limit(0, Observed::new().limit(60).remaining(0));
/// book.answered(&mut ticket, &heard, Answered::Accepted, now);
/// book.settle(ticket, Some(Cost::new(20, 80)), now);
/// assert!(matches!(book.enter(Cost::new(20, 100), None, now), Entered::Waiting(_)));
/// ```
#[derive(Debug)]
pub struct Book {
    table: LimitTable,
    longest_wait: Duration,
    meters: Vec<Meter>,
    /// The meter of each limit of the table.
    rows: [Option<usize>; MOST_LIMITS],
    /// What was admitted and may be another number to the provider: requests until there is an answer, tokens until it is
    /// known what they were.
    out: Cost,
    /// All that was ever admitted, around and around.
    total: Cost,
    paused: Nanos,
    /// When a 429 was last taken to heart, and how many there were in a row.
    struck: Option<Nanos>,
    strikes: u32,
    ramp: Option<Ramp>,
    pulse: Pulse,
    line: Line,
    /// There was an answer: limits that were not told by then, never are.
    heard: bool,
    /// What answers usually take, where nothing else is known.
    typical: u64,
}

/// What a call holds while it is under way.
#[derive(Debug)]
#[must_use = "an admitted call is to be settled"]
pub struct Ticket {
    cost: Cost,
    at: Nanos,
    holds: Vec<Hold>,
    /// What was out when it was admitted, and what had been admitted by then.
    before: Cost,
    mark: Cost,
    answered: bool,
}

/// What the provider said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answered {
    /// There is an answer, or its beginning.
    Accepted,
    /// No, for a reason that has nothing to do with limits.
    Refused,
    /// No: a limit is used up.
    Limited,
    /// No: there are more and more requests, too fast (OpenAI's `slow_down`).
    SlowDown,
}

/// The longest pause. After it one call is let through to see.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// The first pause after a 429 that tells nothing; it doubles up to the last. It is shorter than the wait of the one who was
/// refused, whose turn it then is.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// How often the pace grows after a 429, and after `slow_down`.
const STEP: Duration = Duration::from_secs(10);
const SLOW_STEP: Duration = Duration::from_secs(15 * 60);

/// The most limits beside those of the table.
const MOST_OTHERS: usize = 16;

impl Book {
    /// A book for a vendor's limits, in which these are known ahead.
    #[must_use]
    pub fn new(table: LimitTable, limits: &Limits) -> Self {
        let mut book = Self {
            table,
            longest_wait: limits.longest_wait,
            meters: Vec::new(),
            rows: [None; MOST_LIMITS],
            out: Cost::NONE,
            total: Cost::NONE,
            paused: Nanos::ZERO,
            struck: None,
            strikes: 0,
            ramp: None,
            pulse: Pulse::default(),
            line: Line::default(),
            heard: false,
            typical: 256,
        };
        book.configure(limits);
        book
    }

    /// Takes over what is known ahead; what the vendor told stands.
    pub(super) fn configure(&mut self, limits: &Limits) {
        self.longest_wait = limits.longest_wait;
        for &(measure, limit, window) in limits.known.iter().take(MOST_OTHERS) {
            let Some(meter) = Meter::new(measure, limit, window) else { continue };
            let known = self.meters.iter_mut().find(|known| known.measure == measure && known.window == window);
            if let Some(known) = known {
                if !known.told && known.limit != limit {
                    known.configure(meter);
                }
                continue;
            }
            let fits = |row: &LimitHeader| row.measure == measure && row.window() == window;
            let row = self.table.headers.iter().take(MOST_LIMITS).position(fits);
            // A limit of which was told for another time has its place taken.
            let row = row.filter(|row| self.rows[*row].is_none());
            let meter = match row.and_then(|row| self.table.headers.get(row)) {
                Some(header) => meter.open(header.seconds.is_none()).at_once(header.at_once),
                None => meter,
            };
            if let Some(row) = row {
                self.rows[row] = Some(self.meters.len());
            }
            self.meters.push(meter);
        }
    }

    /// The vendor's table.
    #[must_use]
    pub fn table(&self) -> &LimitTable {
        &self.table
    }

    /// What an answer usually takes, in tokens: the average of the last ones, 256 before the first.
    #[must_use]
    pub fn typical_output(&self) -> u64 {
        self.typical
    }

    /// Takes in what the provider answered to an admitted call; for streams by its head.
    pub fn answered(&mut self, ticket: &mut Ticket, heard: &Heard, answered: Answered, now: Nanos) {
        self.arrived(ticket);
        let since = Cost {
            requests: self.total.requests.wrapping_sub(ticket.mark.requests),
            input: self.total.input.wrapping_sub(ticket.mark.input),
            output: self.total.output.wrapping_sub(ticket.mark.output),
        };
        let own = Cost { requests: 0, ..ticket.cost };
        self.learn(heard, ticket.before.plus(since).plus(own), &ticket.holds, now);
        match answered {
            Answered::Accepted => {
                self.heard = true;
                if self.struck.is_none_or(|struck| ticket.at >= struck) {
                    self.strikes = 0;
                }
            }
            Answered::Refused => {}
            Answered::Limited => self.strike(heard, false, ticket.at, now),
            Answered::SlowDown => self.strike(heard, true, ticket.at, now),
        }
    }

    /// Takes in that a stream ended because of a limit, with what its error told.
    pub fn cut_off(&mut self, ticket: &Ticket, heard: &Heard, now: Nanos) {
        // Nothing tells what the provider had counted by then.
        self.learn(heard, self.out.plus(ticket.before), &[], now);
        self.strike(heard, false, ticket.at, now);
    }

    /// Ends a call by what it took; by what it was estimated to take when that is not known.
    pub fn settle(&mut self, mut ticket: Ticket, took: Option<Cost>, now: Nanos) {
        self.arrived(&mut ticket);
        self.out = self.out.minus(Cost { requests: 0, ..ticket.cost });
        let Some(took) = took else { return };
        if took.output > 0 {
            self.typical = (self.typical.saturating_mul(7).saturating_add(took.output) / 8).max(1);
        }
        for hold in &ticket.holds {
            let Some(meter) = self.meters.get_mut(hold.meter) else { continue };
            let held = ticket.cost.of(meter.measure);
            let took = took.of(meter.measure);
            // What a call was refused for is not taken, whatever the vendor counts ahead.
            let took = if self.table.settles || took == 0 { took } else { took.max(held) };
            meter.settle(hold, took, now);
        }
    }

    /// What is known, for people.
    #[must_use]
    pub fn snapshot(&self, now: Nanos) -> BookSnapshot {
        BookSnapshot {
            limits: self.meters.iter().map(|meter| LimitSnapshot::of(meter, now)).collect(),
            waiting: self.line.len(),
            paused_for: Some(self.paused.since(now)).filter(|pause| !pause.is_zero()),
            requests_per_hour: self.ramp.as_ref().map(|ramp| ramp.pace),
            under_way: self.out.requests,
        }
    }

    /// Whether nothing would be lost with it.
    pub(super) fn is_idle(&self, now: Nanos) -> bool {
        let full = |meter: &Meter| !meter.told && meter.admits(meter.fitted(u64::MAX), now);
        self.line.is_empty()
            && self.out == Cost::NONE
            && self.paused <= now
            && self.ramp.is_none()
            && self.meters.iter().all(full)
    }

    /// The provider has counted the request by now, or never will.
    fn arrived(&mut self, ticket: &mut Ticket) {
        if !std::mem::replace(&mut ticket.answered, true) {
            self.out.requests = self.out.requests.saturating_sub(ticket.cost.requests);
        }
    }

    fn learn(&mut self, heard: &Heard, uncounted: Cost, holds: &[Hold], now: Nanos) {
        for (row, told) in &heard.limits {
            let Some(header) = self.table.headers.get(*row) else { continue };
            let Some(known) = self.rows.get_mut(*row) else { continue };
            let at = match *known {
                Some(at) => at,
                None => {
                    let meter = told.limit.and_then(|limit| Meter::new(header.measure, limit, header.window()));
                    let Some(meter) = meter else { continue };
                    self.meters.push(meter.open(header.seconds.is_none()).at_once(header.at_once));
                    *known.insert(self.meters.len() - 1)
                }
            };
            let Some(meter) = self.meters.get_mut(at) else { continue };
            let hold = holds.iter().find(|hold| hold.meter == at);
            meter.learn(told, uncounted.of(meter.measure), hold, now);
        }
    }

    /// A 429: nobody runs into it again before its time.
    fn strike(&mut self, heard: &Heard, too_fast: bool, sent: Nanos, now: Nanos) {
        // One that was sent before the last was heard of says nothing new.
        let fresh = self.struck.is_none_or(|struck| sent >= struck);
        let explained = self.meters.iter().any(|meter| meter.told && meter.left(now) <= 0);
        let mut until = now;
        if let Some(after) = heard.retry_after {
            until = now.saturating_add(after.min(LONGEST_PAUSE));
        } else if fresh && !explained {
            let doubled = FIRST_PAUSE.saturating_mul(1 << self.strikes.min(6));
            until = now.saturating_add(doubled.min(LAST_PAUSE));
        }
        self.paused = self.paused.max(until);
        if fresh && (too_fast || !explained) {
            let step = if too_fast { SLOW_STEP } else { STEP };
            self.ramp = Ramp::after(self.pulse.pace(now), step, self.paused.max(now));
        }
        if fresh {
            self.strikes = self.strikes.saturating_add(1);
            self.struck = Some(now);
        }
    }
}
