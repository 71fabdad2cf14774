//! A simulated vendor, its weather, and callers who go through the pure machines: book, breaker, budget and retries.
//! Everything is an event at a point of virtual time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use steadfast_clock::Nanos;
use steadfast_providers::admission::{
    Answered, Book, Cost, Entered, Heard, LimitSnapshot, Measure, Refusal, Ticket, Turn,
};
use steadfast_providers::backoff::{Budget, Next, Policy, Retry, RetryBudget};
use steadfast_providers::pool::breaker::{Machine, Outcome, Rule, Ticket as Leave};

use super::bucket::Bucket;
use super::plan::Plan;

const SECOND: u64 = 1_000_000_000;

/// How the calls ended, and what the vendor saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    pub(crate) refused_here: u64,
    pub(crate) refused_there: u64,
    pub(crate) broken: u64,
    pub(crate) stalled: u64,
    pub(crate) cancelled: u64,
    pub(crate) attempts: u64,
    pub(crate) retries: u64,
    /// How often the vendor's own limits were found used up, and when last.
    pub(crate) exceeded: u64,
    pub(crate) exceeded_last: u64,
    pub(crate) storms: u64,
    pub(crate) overloads: u64,
    pub(crate) budget_granted: u64,
    pub(crate) budget_bound: f64,
    /// The most that any of the limits was used until the last call came, as a share of what there was.
    pub(crate) used: f64,
    pub(crate) took: Duration,
    pub(crate) known: Vec<LimitSnapshot>,
}

impl Tally {
    pub(crate) fn ended(&self) -> u64 {
        self.answered + self.refused_here + self.refused_there + self.broken + self.stalled + self.cancelled
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Come,
    Again(u64),
    /// One who waits may be due, or may have waited long enough.
    Late(u64),
    Reach(u64, u32),
    Head(u64, u32),
    End(u64, u32),
    TimeOut(u64, u32),
    Cancel(u64),
}

struct Caller {
    estimate: Cost,
    takes: Cost,
    deadline: Option<Nanos>,
    retry: Retry,
    waits: Option<u64>,
    /// When it looks again.
    looks: u64,
    ticket: Option<Ticket>,
    leave: Option<Leave>,
    heard: Heard,
    said: Said,
}

#[derive(Clone, Copy, PartialEq)]
enum Said {
    Nothing,
    Yes,
    TooMuch,
    Overloaded,
}

pub(crate) struct World {
    plan: Plan,
    dice: u64,
    now: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sequence: u64,
    come: u64,
    callers: HashMap<u64, Caller>,
    line: HashMap<u64, u64>,
    buckets: Vec<(usize, Bucket)>,
    book: Book,
    breaker: Machine,
    budget: RetryBudget,
    policy: Policy,
    tally: Tally,
}

impl World {
    pub(crate) fn run(plan: Plan) -> Tally {
        let bucket = |&(row, limit): &(usize, u64)| {
            (row, Bucket::new(plan.table.headers[row].measure, limit, Duration::from_secs(60)))
        };
        let mut world = Self {
            dice: plan.seed,
            now: SECOND,
            events: BinaryHeap::new(),
            sequence: 0,
            come: 0,
            callers: HashMap::new(),
            line: HashMap::new(),
            buckets: plan.limits.iter().map(bucket).collect(),
            book: Book::new(plan.table.clone(), &plan.known),
            breaker: Machine::new(Rule::default()).unwrap(),
            budget: RetryBudget::builder().ratio(0.2).floor(1.0).reserve(100).build().unwrap(),
            policy: Policy::provider(),
            tally: Tally::default(),
            plan,
        };
        world.at(0, Event::Come);
        while let Some(Reverse((at, _, event))) = world.events.pop() {
            world.now = at;
            world.meet(event);
            world.serve();
        }
        world.close()
    }

    fn close(mut self) -> Tally {
        assert!(self.callers.is_empty(), "{} calls never ended", self.callers.len());
        assert_eq!(self.book.snapshot(self.clock()).waiting, 0);
        assert_eq!(self.book.snapshot(self.clock()).under_way, 0);
        self.tally.took = Duration::from_nanos(self.now - SECOND);
        self.tally.exceeded = self.buckets.iter().map(|(_, bucket)| bucket.exceeded).sum();
        self.tally.known = self.book.snapshot(self.clock()).limits;
        self.tally.budget_granted = self.budget.granted();
        self.tally.budget_bound = 100.0 + 0.2 * self.budget.deposits() as f64 + self.tally.took.as_secs_f64() + 1.0;
        self.tally
    }

    fn meet(&mut self, event: Event) {
        match event {
            Event::Come => self.come(),
            Event::Again(id) => self.enter(id),
            Event::Late(waiter) => {
                if let Some(&id) = self.line.get(&waiter) {
                    self.turn(id, waiter);
                }
            }
            Event::Reach(id, attempt) => {
                if self.is_at(id, attempt) {
                    self.reach(id, attempt);
                }
            }
            Event::Head(id, attempt) => {
                if self.is_at(id, attempt) {
                    self.head(id, attempt);
                }
            }
            Event::End(id, attempt) => {
                if self.is_at(id, attempt) {
                    let caller = &mut self.callers.get_mut(&id).unwrap();
                    let (ticket, takes) = (caller.ticket.take().unwrap(), caller.takes);
                    self.book.settle(ticket, Some(takes), self.clock());
                    self.tally.answered += 1;
                    self.end(id);
                }
            }
            Event::TimeOut(id, attempt) => {
                if self.is_at(id, attempt) {
                    let caller = self.callers.get_mut(&id).unwrap();
                    let (ticket, leave) = (caller.ticket.take().unwrap(), caller.leave.take().unwrap());
                    self.book.settle(ticket, None, self.clock());
                    self.breaker.settle(leave, Outcome::Failure, Duration::from_secs(60), self.clock());
                    self.tally.stalled += 1;
                    self.end(id);
                }
            }
            Event::Cancel(id) => self.cancel(id),
        }
    }

    fn come(&mut self) {
        let id = self.come;
        self.come += 1;
        let input = 20 + self.roll(400);
        let output = 1 + self.roll(self.plan.output);
        let deadline = (self.roll(4) == 0).then(|| self.roll(90) + 1).map(|secs| self.in_nanos(secs * SECOND));
        // The estimate is what the answer may be, and sometimes a little more than what is read.
        let estimate = Cost::new(input + self.roll(20), self.plan.output);
        let takes = Cost::new(input, output);
        let caller = Caller {
            estimate,
            takes,
            deadline,
            retry: Retry::new(self.clock()),
            waits: None,
            looks: 0,
            ticket: None,
            leave: None,
            heard: Heard::new(),
            said: Said::Nothing,
        };
        self.callers.insert(id, caller);
        if self.plan.faults && self.roll(50) == 0 {
            let after = self.roll(30 * SECOND);
            self.at(after, Event::Cancel(id));
        }
        if self.come == self.plan.calls {
            let now = self.now - SECOND;
            self.tally.used = self.buckets.iter().map(|(_, bucket)| bucket.used(now)).fold(0.0, f64::max);
        } else {
            let gap = u64::try_from(self.plan.gap.as_nanos()).unwrap();
            let after = match self.plan.first.take() {
                Some(first) => u64::try_from(first.as_nanos()).unwrap(),
                None => self.roll(2 * gap + 1),
            };
            self.at(after, Event::Come);
        }
        self.enter(id);
    }

    fn enter(&mut self, id: u64) {
        let Some(caller) = self.callers.get(&id) else { return };
        match self.book.enter(caller.estimate, caller.deadline, self.clock()) {
            Entered::Admitted(ticket) => self.send(id, ticket),
            Entered::Waiting(waiter) => {
                self.callers.get_mut(&id).unwrap().waits = Some(waiter);
                self.line.insert(waiter, id);
                self.turn(id, waiter);
            }
            Entered::Refused(refusal) => self.refused(id, refusal),
            other => panic!("{other:?}"),
        }
    }

    fn turn(&mut self, id: u64, waiter: u64) {
        match self.book.turn(waiter, self.clock()) {
            Turn::Admitted(ticket) => {
                self.line.remove(&waiter);
                self.callers.get_mut(&id).unwrap().waits = None;
                self.send(id, ticket);
            }
            Turn::Until(at) => {
                // One that is to look again before will see for itself.
                let (at, now) = (at.as_nanos(), self.now);
                let looks = &mut self.callers.get_mut(&id).unwrap().looks;
                if *looks <= now || at < *looks {
                    *looks = at;
                    self.at(at - now, Event::Late(waiter));
                }
            }
            Turn::Refused(refusal) => {
                self.line.remove(&waiter);
                self.refused(id, refusal);
            }
            other => panic!("{other:?}"),
        }
    }

    /// Whoever waits first, as long as it is their turn.
    fn serve(&mut self) {
        while let Some(waiter) = self.book.first() {
            let id = self.line[&waiter];
            self.turn(id, waiter);
            if self.book.first() == Some(waiter) {
                return;
            }
        }
    }

    fn refused(&mut self, id: u64, refusal: Refusal) {
        let caller = &self.callers[&id];
        let longest = caller.deadline.map_or(u64::MAX, |deadline| deadline.as_nanos().saturating_sub(self.now));
        let longest = Duration::from_nanos(longest.min(60 * SECOND));
        // It says when, and that is later than it would have waited for, or it has waited for all of it.
        assert!(refusal.after.is_some_and(|after| after > longest) || caller.waits.is_some(), "{refusal:?}");
        self.tally.refused_here += 1;
        self.end(id);
    }

    fn send(&mut self, id: u64, ticket: Ticket) {
        let now = self.clock();
        match self.breaker.admit(now).0 {
            Err(_) => {
                self.book.settle(ticket, Some(Cost::NONE), now);
                self.tally.broken += 1;
                self.end(id);
            }
            Ok(leave) => {
                let delay = self.roll(u64::try_from(self.plan.jitter.as_nanos()).unwrap() + 1);
                let caller = self.callers.get_mut(&id).unwrap();
                caller.ticket = Some(ticket);
                caller.leave = Some(leave);
                caller.said = Said::Nothing;
                caller.heard = Heard::new();
                let attempt = caller.retry.begin();
                self.tally.attempts += 1;
                self.at(delay, Event::Reach(id, attempt));
            }
        }
    }

    /// The request is with the vendor.
    fn reach(&mut self, id: u64, attempt: u32) {
        let now = self.now;
        if self.roll(100) < self.plan.others {
            let other = Cost::new(self.roll(400), 0);
            self.buckets.iter_mut().for_each(|(_, bucket)| bucket.take(other, now));
        }
        let said = self.judged(id);
        let caller = self.callers.get_mut(&id).unwrap();
        caller.said = said;
        if said == Said::Yes {
            let ahead = if self.plan.table.precharges { caller.estimate.output } else { caller.takes.output };
            let ahead = Cost::new(caller.takes.input, ahead);
            self.buckets.iter_mut().for_each(|(_, bucket)| bucket.take(ahead, now));
        }
        if self.plan.early {
            self.tell(id);
        }
        if self.plan.faults && self.roll(5_000) == 0 {
            self.at(60 * SECOND, Event::TimeOut(id, attempt));
            return;
        }
        let latency = self.roll(u64::try_from(self.plan.latency.as_nanos()).unwrap());
        self.at(if said == Said::Yes { latency } else { 20_000_000 }, Event::Head(id, attempt));
    }

    fn judged(&mut self, id: u64) -> Said {
        // Ten minutes: calm, a storm of 429 in the fifth, overload in the eighth.
        let minute = self.now / (60 * SECOND) % 10;
        if self.plan.faults && minute == 4 && self.roll(3) == 0 {
            self.tally.storms += 1;
            return Said::TooMuch;
        }
        if self.plan.faults && minute == 7 && self.roll(5) != 0 {
            self.tally.overloads += 1;
            return Said::Overloaded;
        }
        let caller = &self.callers[&id];
        let ahead = if self.plan.table.precharges { caller.estimate.output } else { caller.takes.output };
        let ahead = Cost::new(caller.takes.input, ahead);
        let now = self.now;
        let mut fits = true;
        for (_, bucket) in &mut self.buckets {
            if !bucket.has(ahead, now) {
                bucket.exceeded += 1;
                self.tally.exceeded_last = now - SECOND;
                fits = false;
            }
        }
        if fits { Said::Yes } else { Said::TooMuch }
    }

    /// The vendor writes its headers.
    fn tell(&mut self, id: u64) {
        let now = self.now;
        let told =
            self.buckets.iter_mut().fold(Heard::new(), |heard, (row, bucket)| heard.limit(*row, bucket.tells(now)));
        self.callers.get_mut(&id).unwrap().heard = told;
    }

    /// The head of the answer is there.
    fn head(&mut self, id: u64, attempt: u32) {
        if !self.plan.early {
            self.tell(id);
        }
        let (now, hinted, streamed) = (self.clock(), self.roll(2) == 0, self.roll(2) == 0);
        let hint = Duration::from_millis(500 + self.roll(2_500));
        let caller = self.callers.get_mut(&id).unwrap();
        let hint = Some(hint).filter(|_| hinted && caller.said == Said::TooMuch);
        let heard = std::mem::take(&mut caller.heard).retry_after(hint);
        let (answered, health) = match caller.said {
            Said::Yes => (Answered::Accepted, Outcome::Success),
            Said::TooMuch => (Answered::Limited, Outcome::Ignored),
            Said::Overloaded | Said::Nothing => (Answered::Refused, Outcome::Failure),
        };
        self.book.answered(caller.ticket.as_mut().unwrap(), &heard, answered, now);
        self.breaker.settle(caller.leave.take().unwrap(), health, Duration::from_secs(1), now);
        if caller.said == Said::Yes {
            self.budget.deposit(now);
            let unused = caller.estimate.output - caller.takes.output;
            if self.plan.table.settles && self.plan.table.precharges {
                // The vendor settles before its client does.
                for (_, bucket) in &mut self.buckets {
                    if matches!(bucket.measure, Measure::Output | Measure::Tokens) {
                        bucket.give(unused, self.now);
                    }
                }
            }
            let rest = if streamed { self.roll(5 * SECOND) } else { 0 };
            self.at(rest, Event::End(id, attempt));
            return;
        }
        let ticket = caller.ticket.take().unwrap();
        self.book.settle(ticket, Some(Cost::new(0, 0)), now);
        let entropy = self.random();
        let caller = self.callers.get_mut(&id).unwrap();
        match caller.retry.next(&self.policy, hint, 1, now, caller.deadline, &self.budget, entropy) {
            Next::Wait(wait) => {
                self.tally.retries += 1;
                self.at(u64::try_from(wait.delay.as_nanos()).unwrap(), Event::Again(id));
            }
            _ => {
                self.tally.refused_there += 1;
                self.end(id);
            }
        }
    }

    fn cancel(&mut self, id: u64) {
        let Some(mut caller) = self.callers.remove(&id) else { return };
        let now = self.clock();
        if let Some(waiter) = caller.waits.take() {
            self.book.leave(waiter);
            self.line.remove(&waiter);
        }
        if let Some(ticket) = caller.ticket.take() {
            self.book.settle(ticket, None, now);
        }
        if let Some(leave) = caller.leave.take() {
            self.breaker.settle(leave, Outcome::Abandoned, Duration::ZERO, now);
        }
        self.tally.cancelled += 1;
    }

    fn end(&mut self, id: u64) {
        assert!(self.callers.remove(&id).is_some(), "call {id} ended twice");
    }

    fn is_at(&self, id: u64, attempt: u32) -> bool {
        self.callers.get(&id).is_some_and(|caller| caller.ticket.is_some() && caller.retry.attempt() == attempt)
    }

    fn at(&mut self, after: u64, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((self.now.saturating_add(after), self.sequence, event)));
    }

    fn clock(&self) -> Nanos {
        Nanos::from_nanos(self.now)
    }

    fn in_nanos(&self, nanos: u64) -> Nanos {
        Nanos::from_nanos(self.now + nanos)
    }

    fn roll(&mut self, below: u64) -> u64 {
        self.random() % below.max(1)
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
