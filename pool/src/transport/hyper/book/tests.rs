//! The book against a model of everything that may happen, in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::Nanos;
use url::Url;

use super::super::peer::{Parts, Peer};
use super::super::slots::Place;
use super::terms::WHOLE;
use super::{Begin, Book, Dated, Effects, Grant, Limits, Parks};

#[derive(Clone, Debug)]
struct Conn {
    number: u64,
    made: Nanos,
    /// How often it was stripped since it was last idle.
    stripped: usize,
    /// Stripping it shows that it is of no use.
    rotten: bool,
}

impl Dated for Conn {
    fn made(&self) -> Nanos {
        self.made
    }
}

impl Parks for Conn {
    fn strip(&mut self) -> bool {
        self.stripped += 1;
        !self.rotten
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(usize),
    GiveUp(usize),
    Dialled { which: usize, http2: bool, max: usize, rotten: bool },
    Failed(usize),
    Back { which: usize, whole: bool },
    Takes { which: usize, max: usize },
    Drains(usize),
    Lost(usize),
    Pass(u64),
    Sweep,
    Warm(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..64_usize;
    prop_oneof![
        8 => (0..3_usize).prop_map(Step::Ask),
        2 => which.clone().prop_map(Step::GiveUp),
        6 => (which.clone(), any::<bool>(), 0..4_usize, prop::bool::weighted(0.2))
            .prop_map(|(which, http2, max, rotten)| Step::Dialled { which, http2, max, rotten }),
        1 => which.clone().prop_map(Step::Failed),
        6 => (which.clone(), any::<bool>()).prop_map(|(which, whole)| Step::Back { which, whole }),
        1 => (which.clone(), 0..4_usize).prop_map(|(which, max)| Step::Takes { which, max }),
        1 => which.clone().prop_map(Step::Drains),
        1 => which.clone().prop_map(Step::Lost),
        2 => prop_oneof![4 => 0..40_u64, 1 => 400..1_200_u64].prop_map(Step::Pass),
        1 => Just(Step::Sweep),
        1 => (0..3_usize, 0..4_usize).prop_map(|(host, n)| Step::Warm(host, n)),
    ]
}

enum Lent {
    Line(Place, Conn),
    Stream(Place, u64),
}

struct Model {
    book: Book<Conn, Conn, u64>,
    limits: Limits,
    now: Nanos,
    /// When it was swept last.
    swept: Nanos,
    made: u64,
    /// Places and tickets of those who wait, by their number.
    waiting: BTreeMap<u64, (usize, Option<(Place, u64)>)>,
    asked: u64,
    dials: Vec<Begin>,
    lent: Vec<Lent>,
    lines_out: BTreeSet<u64>,
    streams: BTreeMap<u64, (Place, usize, usize)>,
}

fn url(host: usize) -> Url {
    // The first may speak either, the others only HTTP/1.1 unless a dial says otherwise.
    format!("{}://h{host}.example/", if host == 0 { "https" } else { "http" }).parse().unwrap()
}

impl Model {
    fn new(limits: Limits) -> Self {
        Self {
            book: Book::new(limits),
            limits,
            now: Nanos::ZERO,
            swept: Nanos::ZERO,
            made: 0,
            waiting: BTreeMap::new(),
            asked: 0,
            dials: Vec::new(),
            lent: Vec::new(),
            lines_out: BTreeSet::new(),
            streams: BTreeMap::new(),
        }
    }

    fn run(&mut self, step: Step) {
        let mut out = Effects::default();
        let now = self.now;
        match step {
            Step::Ask(host) => {
                let url = url(host);
                let parts = Parts::of(&url).unwrap();
                if let Some(grant) = self.book.take(parts, now, &mut out) {
                    assert!(!self.waiting.values().any(|(other, _)| *other == host), "passed those who wait by");
                    self.lend(grant);
                } else {
                    self.asked += 1;
                    let who = self.asked;
                    self.waiting.insert(who, (host, None));
                    let peer = || (Arc::new(Peer::of(&url).unwrap()), None);
                    let place = self.book.wait(parts, peer, who, now, &mut out);
                    self.waiting.get_mut(&who).unwrap().1 = Some(place);
                }
            }
            Step::GiveUp(which) => {
                if let Some(who) = pick(self.waiting.keys().copied(), which) {
                    let (_, place) = self.waiting.remove(&who).unwrap();
                    let (set, ticket) = place.unwrap();
                    self.book.leave(set, ticket, &mut out);
                }
            }
            Step::Dialled { which, http2, max, rotten } => {
                if self.dials.is_empty() {
                    return;
                }
                let begin = self.dials.swap_remove(which % self.dials.len());
                self.made += 1;
                let conn = Conn { number: self.made, made: now, stripped: 0, rotten };
                let before = self.book.figures(None).opened;
                if http2 && begin.peer.target.https {
                    self.book.many_made((begin.set, begin.id), conn, max, now, &mut out);
                    if self.book.figures(None).opened > before {
                        self.streams.insert(begin.id, (begin.set, 0, max));
                    }
                } else {
                    self.book.line_made(begin.set, begin.id, conn, now, &mut out);
                }
            }
            Step::Failed(which) => {
                if self.dials.is_empty() {
                    return;
                }
                let begin = self.dials.swap_remove(which % self.dials.len());
                for who in self.book.dial_failed(begin.set, begin.id, &mut out) {
                    assert!(self.waiting.remove(&who).is_some());
                }
            }
            Step::Back { which, whole } => {
                if self.lent.is_empty() {
                    return;
                }
                match self.lent.swap_remove(which % self.lent.len()) {
                    Lent::Line(set, mut conn) => {
                        conn.stripped = 0;
                        assert!(self.lines_out.remove(&conn.number));
                        if whole {
                            self.book.line_back(set, conn, now, &mut out);
                        } else {
                            self.book.line_lost(set, now, &mut out);
                        }
                    }
                    Lent::Stream(set, id) => {
                        if let Some(stream) = self.streams.get_mut(&id) {
                            stream.1 -= 1;
                        }
                        self.book.stream_back(set, id, now, &mut out);
                    }
                }
            }
            Step::Takes { which, max } => {
                if let Some(id) = pick(self.streams.keys().copied(), which) {
                    let stream = self.streams.get_mut(&id).unwrap();
                    stream.2 = max;
                    self.book.many_takes(stream.0, id, max, now, &mut out);
                }
            }
            Step::Drains(which) => {
                if let Some(id) = pick(self.streams.keys().copied(), which) {
                    self.book.many_drains(self.streams[&id].0, id, now, &mut out);
                }
            }
            Step::Lost(which) => {
                if let Some(id) = pick(self.streams.keys().copied(), which) {
                    let (set, ..) = self.streams.remove(&id).unwrap();
                    self.book.many_lost(set, id, now, &mut out);
                }
            }
            Step::Pass(millis) => self.now = now.saturating_add(Duration::from_millis(millis)),
            Step::Sweep => {
                self.book.sweep(now, &mut out);
                self.swept = now;
                assert!(self.book.sweep_due().is_none_or(|due| due > now), "something was left that is due");
            }
            Step::Warm(host, wanted) => {
                let url = url(host);
                let peer = || (Arc::new(Peer::of(&url).unwrap()), None);
                let (_, dials) = self.book.open(Parts::of(&url).unwrap(), peer, wanted);
                self.dials.extend(dials);
            }
        }
        self.settle(out);
        self.check();
    }

    fn settle(&mut self, out: Effects<Conn, Conn, u64>) {
        for (who, grant) in out.grants {
            let (host, _) = self.waiting.remove(&who).unwrap();
            let before = self.waiting.iter().find(|(_, (other, _))| *other == host);
            assert!(before.is_none_or(|(first, _)| *first > who), "{who} was served before its turn");
            self.lend(grant);
        }
        self.dials.extend(out.dials);
        // A dial that is no longer wanted is not carried out.
        self.dials.retain_mut(|begin| {
            matches!(begin.stopped.try_recv(), Err(tokio::sync::oneshot::error::TryRecvError::Empty))
        });
    }

    fn lend(&mut self, grant: Grant<Conn, Conn>) {
        match grant {
            Grant::Line { set, line, idle_since } => {
                assert!(self.lines_out.insert(line.number), "one line, two exchanges");
                let idle = idle_since.map_or(Duration::ZERO, |since| self.now.since(since));
                assert!(idle < self.limits.idle_timeout);
                assert!(line.stripped <= usize::from(idle >= WHOLE / 2), "stripped twice, or too early");
                let due = idle_since.is_some_and(|since| self.swept >= since.saturating_add(WHOLE));
                assert!(!due || line.stripped == 1, "not stripped in time");
                assert!(line.stripped == 0 || !line.rotten, "of no use, and given");
                self.lent.push(Lent::Line(set, line));
            }
            Grant::Stream { set, id, .. } => {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.1 += 1;
                    assert!(stream.1 <= stream.2, "more streams than it takes");
                }
                self.lent.push(Lent::Stream(set, id));
            }
        }
    }

    fn check(&self) {
        let all = self.book.figures(None);
        let mut sum = 0;
        for host in 0..3 {
            let url = url(host);
            let one = self.book.figures(url.host_str());
            let dials = self.dials.iter().filter(|begin| Some(&*begin.peer.name) == url.host_str()).count();
            assert!(one.active + one.idle + dials <= self.limits.max_per_host, "too many to one host");
            assert!(one.idle <= self.limits.max_idle_per_host);
            if self.waiting.values().any(|(other, _)| *other == host) {
                assert!(one.active + dials > 0 || one.idle > 0, "someone waits for nothing");
            }
            sum += one.active + one.idle;
        }
        assert_eq!(sum, all.active + all.idle);
        assert_eq!(self.book.underway(), self.lent.len());
        assert!(all.active >= self.lines_out.len());
        assert!(all.idle <= self.limits.max_idle);
    }

    /// Everything ends: nothing may be left.
    fn end(mut self) {
        // A connection that takes no streams at all holds those who wait up, until their own limit.
        for which in 0..self.streams.len() {
            self.run(Step::Takes { which, max: 8 });
        }
        while !self.lent.is_empty() || !self.dials.is_empty() {
            self.run(Step::Failed(0));
            self.run(Step::Back { which: 0, whole: true });
        }
        assert!(self.waiting.is_empty(), "someone was forgotten");
        self.now = self.now.saturating_add(self.limits.idle_timeout);
        self.run(Step::Sweep);
        let all = self.book.figures(None);
        assert_eq!((all.active, all.idle, all.opened), (0, 0, all.closed));
        assert_eq!(self.book.sets(), 0);
    }
}

fn pick<T>(items: impl ExactSizeIterator<Item = T>, which: usize) -> Option<T> {
    let mut items = items;
    let len = items.len();
    if len == 0 { None } else { items.nth(which % len) }
}

proptest! {
    /// Whatever happens in whatever order: no bound is passed, no connection is given twice or stripped early, nobody is
    /// served before his turn or forgotten, and in the end nothing is left.
    #[test]
    fn the_book_is_kept(
        steps in prop::collection::vec(step(), 0..60),
        max in 1..4_usize,
        age in any::<bool>(),
        idle in prop_oneof![Just(50_u64), Just(5_000)],
    ) {
        let limits = Limits {
            max_idle: 3,
            max_idle_per_host: 2,
            max_per_host: max,
            idle_timeout: Duration::from_millis(idle),
            max_age: age.then_some(Duration::from_millis(80)),
        };
        let mut model = Model::new(limits);
        for step in steps {
            model.run(step);
        }
        model.end();
    }
}
