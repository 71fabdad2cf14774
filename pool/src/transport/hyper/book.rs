//! Who has which connection: a pure machine without sockets, clock or lock. What it decides is told as effects.

use std::collections::HashMap;
use std::sync::Arc;

use steadfast_clock::Nanos;
use tokio::sync::oneshot;

use super::peer::{Key, Known, Parts, Peer};
use super::set::{Dial, Many, Set};
use super::shelf::Shelf;
use super::slots::{Place, Slots};
use crate::transport::Connections;

mod idle;
mod terms;
#[cfg(test)]
mod tests;

pub(super) use terms::{Begin, Dated, Effects, Grant, Limits, Parks};

enum Idle<L> {
    Line(L),
    /// The HTTP/2 connection with this number.
    Many(u64),
}

pub(super) struct Book<L, M, W> {
    limits: Limits,
    index: HashMap<Known, Place>,
    sets: Slots<Set<M, W>>,
    shelf: Shelf<Idle<L>>,
    next: u64,
    opened: u64,
    closed: u64,
    exchanges: u64,
    /// Exchanges under way.
    underway: usize,
    closing: bool,
}

impl<L: Parks, M: Dated + Clone, W> Book<L, M, W> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            index: HashMap::new(),
            sets: Slots::default(),
            shelf: Shelf::default(),
            next: 0,
            opened: 0,
            closed: 0,
            exchanges: 0,
            underway: 0,
            closing: false,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Exchanges that have a connection now.
    pub(super) fn underway(&self) -> usize {
        self.underway
    }

    /// Gives a connection that is free now.
    pub(super) fn take(&mut self, parts: Parts<'_>, now: Nanos, out: &mut Effects<L, M, W>) -> Option<Grant<L, M>> {
        let place = *self.index.get(&parts as &dyn Key)?;
        self.give(place, now, out)
    }

    /// Puts `who` into the queue of the peer.
    pub(super) fn wait(
        &mut self,
        parts: Parts<'_>,
        peer: impl FnOnce() -> (Arc<Peer>, Option<usize>),
        who: W,
        now: Nanos,
        out: &mut Effects<L, M, W>,
    ) -> (Place, u64) {
        let place = self.enter(parts, peer);
        self.next += 1;
        let ticket = self.next;
        if let Some(set) = self.sets.get_mut(place) {
            set.wait(ticket, who);
        }
        // What was given back meanwhile is not passed by.
        self.settle(place, now, out);
        (place, ticket)
    }

    /// Whether a dial is under way for the waiter; `None` when it does not wait any more.
    pub(super) fn is_dialling(&self, place: Place, ticket: u64) -> Option<bool> {
        Some(self.sets.get(place)?.waiters.get(&ticket)?.dial.is_some())
    }

    /// The waiter has gone.
    pub(super) fn leave(&mut self, place: Place, ticket: u64, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        if set.leave(ticket).is_some() {
            self.settle(place, Nanos::from_nanos(0), out);
        }
    }

    /// Begins dials until `wanted` connections are there or under way, as far as limits go; of HTTP/2 connections one for
    /// every so many streams. Tells how many are there, and the dials.
    pub(super) fn open(
        &mut self,
        parts: Parts<'_>,
        peer: impl FnOnce() -> (Arc<Peer>, Option<usize>),
        wanted: usize,
    ) -> (usize, Vec<Begin>) {
        let place = self.enter(parts, peer);
        let most = wanted.min(self.limits.max_per_host).min(self.limits.max_idle_per_host).min(self.limits.max_idle);
        let Some(set) = self.sets.get_mut(place) else { return (0, Vec::new()) };
        let there = set.open();
        // What is spoken is not known before the first connection of a host that may speak either.
        let unknown = set.peer.target.https && set.streams.is_none() && there == 0;
        let most = match set.streams {
            Some(streams) => most.min(wanted.div_ceil(streams.max(1))),
            None if unknown => most.min(1),
            None => most,
        };
        let mut dials = Vec::new();
        while there + set.dials.len() < most {
            self.next += 1;
            let (stop, stopped) = oneshot::channel();
            set.dials.push(Dial { id: self.next, relying: 0, _stop: stop });
            dials.push(Begin { set: place, id: self.next, peer: Arc::clone(&set.peer), stopped });
        }
        self.bury(place);
        (there, dials)
    }

    /// A dial brought a connection for one exchange at a time. Whether the dial was still wanted.
    pub(super) fn line_made(&mut self, place: Place, dial: u64, line: L, now: Nanos, out: &mut Effects<L, M, W>) {
        let Some(set) = self.made(place, dial) else { return out.lines.push(line) };
        set.streams = None;
        self.keep(place, line, now, out);
        self.settle(place, now, out);
    }

    /// A dial brought an HTTP/2 connection; its number, unless the dial is no longer wanted.
    pub(super) fn many_made(
        &mut self,
        (place, dial): (Place, u64),
        many: M,
        max: usize,
        now: Nanos,
        out: &mut Effects<L, M, W>,
    ) {
        let Some(set) = self.made(place, dial) else { return out.many.push(many) };
        set.streams = Some(max.max(1));
        set.many.push(Many { id: dial, handle: many, streams: 0, max, used: false, draining: false, shelved: None });
        self.rest(place, dial, now, out);
        self.settle(place, now, out);
        if let Some(set) = self.sets.get_mut(place) {
            set.trim();
        }
        self.plan(place, out);
    }

    /// A dial failed: gives those who counted on it.
    pub(super) fn dial_failed(&mut self, place: Place, dial: u64, out: &mut Effects<L, M, W>) -> Vec<W> {
        let Some(set) = self.sets.get_mut(place) else { return Vec::new() };
        let relying = set.waiters.iter().filter(|(_, waiter)| waiter.dial == Some(dial));
        let relying: Vec<u64> = relying.map(|(ticket, _)| *ticket).collect();
        let failed = relying.into_iter().filter_map(|ticket| set.leave(ticket)).collect();
        set.end_dial(dial);
        self.settle(place, Nanos::from_nanos(0), out);
        failed
    }

    /// An exchange has ended and its connection can carry the next.
    pub(super) fn line_back(&mut self, place: Place, line: L, now: Nanos, out: &mut Effects<L, M, W>) {
        self.underway -= 1;
        self.keep(place, line, now, out);
        self.settle(place, now, out);
    }

    /// An exchange has ended and its connection with it.
    pub(super) fn line_lost(&mut self, place: Place, now: Nanos, out: &mut Effects<L, M, W>) {
        self.underway -= 1;
        self.count_closed(place);
        self.settle(place, now, out);
    }

    /// A stream has ended.
    pub(super) fn stream_back(&mut self, place: Place, id: u64, now: Nanos, out: &mut Effects<L, M, W>) {
        self.underway -= 1;
        let Some(set) = self.sets.get_mut(place) else { return };
        let Some(many) = set.many.iter_mut().find(|many| many.id == id) else { return };
        many.streams -= 1;
        if many.streams == 0 {
            self.rest(place, id, now, out);
        }
        self.settle(place, now, out);
    }

    /// An HTTP/2 connection takes another number of streams.
    pub(super) fn many_takes(&mut self, place: Place, id: u64, max: usize, now: Nanos, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        let Some(many) = set.many.iter_mut().find(|many| many.id == id) else { return };
        many.max = max;
        set.streams = Some(max.max(1));
        self.settle(place, now, out);
    }

    /// An HTTP/2 connection takes no new streams.
    pub(super) fn many_drains(&mut self, place: Place, id: u64, now: Nanos, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        let Some(many) = set.many.iter_mut().find(|many| many.id == id) else { return };
        many.draining = true;
        if many.streams == 0 {
            self.rest(place, id, now, out);
            self.settle(place, now, out);
        }
    }

    /// An HTTP/2 connection has ended.
    pub(super) fn many_lost(&mut self, place: Place, id: u64, now: Nanos, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        let Some(at) = set.many.iter().position(|many| many.id == id) else { return };
        let many = set.many.swap_remove(at);
        if let Some(shelved) = many.shelved {
            set.idle.retain(|idle| *idle != shelved);
            self.shelf.take(shelved);
        }
        out.many.push(many.handle);
        self.count_closed(place);
        self.settle(place, now, out);
    }

    /// Takes no new exchanges; closes what is idle; gives those who waited.
    pub(super) fn close(&mut self, out: &mut Effects<L, M, W>) -> Vec<W> {
        self.closing = true;
        while let Some((place, _)) = self.shelf.oldest() {
            self.discard_oldest(place, out);
        }
        let mut waited = Vec::new();
        for place in self.sets.places() {
            if let Some(set) = self.sets.get_mut(place) {
                set.dials.clear();
                set.undialled = 0;
                waited.extend(std::mem::take(&mut set.waiters).into_values().map(|waiter| waiter.who));
                for many in &mut set.many {
                    many.draining = true;
                }
            }
            self.bury(place);
        }
        waited
    }

    /// The figures of all targets, or of those with one name.
    pub(super) fn figures(&self, name: Option<&str>) -> Connections {
        let mut all = Connections::new();
        let Some(name) = name else {
            (all.opened, all.closed, all.exchanges) = (self.opened, self.closed, self.exchanges);
            all.idle = self.shelf.len();
            all.active = usize::try_from(self.opened - self.closed).unwrap_or(usize::MAX) - all.idle;
            return all;
        };
        for set in self.sets.iter().filter(|set| *set.peer.name == *name) {
            all.opened += set.opened;
            all.closed += set.closed;
            all.exchanges += set.exchanges;
            all.idle += set.idle.len();
            all.active += set.open() - set.idle.len();
        }
        all
    }

    /// How many streams the newest HTTP/2 connection of a set said that it takes.
    pub(super) fn streams_of(&self, place: Place) -> Option<usize> {
        self.sets.get(place)?.streams
    }

    /// Whether an HTTP/2 connection has streams.
    pub(super) fn is_used(&self, place: Place, id: u64) -> bool {
        let many = self.sets.get(place).and_then(|set| set.many.iter().find(|many| many.id == id));
        many.is_some_and(|many| many.streams > 0)
    }

    /// Sets that are kept.
    #[cfg(test)]
    pub(super) fn sets(&self) -> usize {
        self.sets.len()
    }

    fn enter(&mut self, parts: Parts<'_>, peer: impl FnOnce() -> (Arc<Peer>, Option<usize>)) -> Place {
        if let Some(place) = self.index.get(&parts as &dyn Key) {
            return *place;
        }
        let (peer, streams) = peer();
        let known = Known(peer.target.clone());
        let place = self.sets.put(Set::new(peer, streams));
        self.index.insert(known, place);
        place
    }

    /// Gives those who wait what is free, dials for the others, and forgets a set that has nothing left.
    fn settle(&mut self, place: Place, now: Nanos, out: &mut Effects<L, M, W>) {
        while self.sets.get(place).is_some_and(|set| !set.waiters.is_empty()) {
            let Some(grant) = self.give(place, now, out) else { break };
            let Some(who) = self.sets.get_mut(place).and_then(Set::next) else { break };
            out.grants.push((who, grant));
        }
        self.bound(place, out);
        self.plan(place, out);
        self.bury(place);
    }

    fn give(&mut self, place: Place, now: Nanos, out: &mut Effects<L, M, W>) -> Option<Grant<L, M>> {
        let grant = self.find(place, now, out)?;
        self.underway += 1;
        self.exchanges += 1;
        self.sets.get_mut(place)?.exchanges += 1;
        Some(grant)
    }

    fn find(&mut self, place: Place, now: Nanos, out: &mut Effects<L, M, W>) -> Option<Grant<L, M>> {
        if !self.sets.get(place)?.many.is_empty() {
            if let Some(grant) = self.stream(place, now, out) {
                return Some(grant);
            }
        }
        loop {
            let set = self.sets.get_mut(place)?;
            let newest = set.idle.iter().rposition(|idle| matches!(self.shelf.peek(*idle), Some(Idle::Line(_))))?;
            let newest = set.idle.remove(newest)?;
            let Some((Idle::Line(line), since)) = self.shelf.take(newest) else { return None };
            if now.since(since) < self.limits.idle_timeout && !self.is_old(line.made(), now) {
                return Some(Grant::Line { set: place, line, idle_since: Some(since) });
            }
            out.lines.push(line);
            self.count_closed(place);
        }
    }

    /// A stream of the fullest connection that has one free.
    fn stream(&mut self, place: Place, now: Nanos, out: &mut Effects<L, M, W>) -> Option<Grant<L, M>> {
        loop {
            let set = self.sets.get_mut(place)?;
            let free = set.many.iter_mut().filter(|many| !many.draining && many.streams < many.max);
            let many = free.max_by_key(|many| many.streams)?;
            let (id, made, shelved) = (many.id, many.handle.made(), many.shelved);
            let stale = shelved
                .and_then(|shelved| self.shelf.since(shelved))
                .is_some_and(|since| now.since(since) >= self.limits.idle_timeout);
            if stale || self.limits.max_age.is_some_and(|age| now.since(made) >= age) {
                many.draining = true;
                if many.streams == 0 {
                    self.rest(place, id, now, out);
                }
                continue;
            }
            many.streams += 1;
            let reused = std::mem::replace(&mut many.used, true);
            let handle = many.handle.clone();
            if let Some(shelved) = many.shelved.take() {
                set.idle.retain(|idle| *idle != shelved);
                self.shelf.take(shelved);
            }
            return Some(Grant::Stream { set: place, id, many: handle, reused });
        }
    }

    /// Puts a line on the shelf, if it may be kept.
    fn keep(&mut self, place: Place, line: L, now: Nanos, out: &mut Effects<L, M, W>) {
        if self.closing || self.is_old(line.made(), now) {
            out.lines.push(line);
            return self.count_closed(place);
        }
        let idle = self.shelf.put(Idle::Line(line), place, now);
        if let Some(set) = self.sets.get_mut(place) {
            set.idle.push_back(idle);
        }
    }

    /// Puts an HTTP/2 connection without streams on the shelf, or closes it.
    fn rest(&mut self, place: Place, id: u64, now: Nanos, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        let Some(at) = set.many.iter().position(|many| many.id == id) else { return };
        if set.many[at].draining || self.closing {
            let many = set.many.swap_remove(at);
            if let Some(shelved) = many.shelved {
                set.idle.retain(|idle| *idle != shelved);
                self.shelf.take(shelved);
            }
            out.many.push(many.handle);
            return self.count_closed(place);
        }
        let idle = self.shelf.put(Idle::Many(id), place, now);
        set.many[at].shelved = Some(idle);
        set.idle.push_back(idle);
    }

    fn plan(&mut self, place: Place, out: &mut Effects<L, M, W>) {
        let Some(set) = self.sets.get_mut(place) else { return };
        if set.undialled == 0 || self.closing {
            return;
        }
        let room = self.limits.max_per_host.saturating_sub(set.open() + set.dials.len());
        for (id, stopped) in set.plan(room, &mut self.next) {
            out.dials.push(Begin { set: place, id, peer: Arc::clone(&set.peer), stopped });
        }
    }

    /// Forgets a set that has nothing left.
    fn bury(&mut self, place: Place) {
        if self.sets.get(place).is_some_and(Set::is_over) {
            if let Some(set) = self.sets.take(place) {
                self.index.remove(&set.peer.target as &dyn Key);
            }
            if self.index.is_empty() {
                self.index.shrink_to_fit();
            }
        }
    }

    /// Takes a dial out that brought a connection, and counts it.
    fn made(&mut self, place: Place, dial: u64) -> Option<&mut Set<M, W>> {
        let set = self.sets.get_mut(place)?;
        if !set.dials.iter().any(|known| known.id == dial) {
            return None;
        }
        set.end_dial(dial);
        set.opened += 1;
        self.opened += 1;
        Some(set)
    }

    fn count_closed(&mut self, place: Place) {
        self.closed += 1;
        if let Some(set) = self.sets.get_mut(place) {
            set.closed += 1;
        }
    }

    fn is_old(&self, made: Nanos, now: Nanos) -> bool {
        self.limits.max_age.is_some_and(|age| now.since(made) >= age)
    }
}
