//! The connections to one target, who waits for one, and the dials under way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::peer::Peer;
use super::slots::Place;

/// One target's part of the book.
pub(super) struct Set<M, W> {
    pub(super) peer: Arc<Peer>,
    /// The places of its idle connections on the shelf, longest idle first.
    pub(super) idle: VecDeque<Place>,
    /// Its HTTP/2 connections, idle ones too.
    pub(super) many: Vec<Many<M>>,
    pub(super) dials: Vec<Dial>,
    /// In the order in which they came.
    pub(super) waiters: BTreeMap<u64, Waiter<W>>,
    /// Waiters that no dial is under way for.
    pub(super) undialled: usize,
    /// How many streams a connection is thought to carry, once the target is known to speak HTTP/2.
    pub(super) streams: Option<usize>,
    pub(super) opened: u64,
    pub(super) closed: u64,
    pub(super) exchanges: u64,
}

/// An HTTP/2 connection.
pub(super) struct Many<M> {
    pub(super) id: u64,
    pub(super) handle: M,
    pub(super) streams: usize,
    /// Streams that it may carry at a time.
    pub(super) max: usize,
    /// It carried a stream before.
    pub(super) used: bool,
    /// It takes no new streams, and ends with those it has.
    pub(super) draining: bool,
    /// Where it lies on the shelf while it has no streams.
    pub(super) shelved: Option<Place>,
}

pub(super) struct Waiter<W> {
    pub(super) who: W,
    /// The dial that is to serve it.
    pub(super) dial: Option<u64>,
}

/// A dial under way. Dropping it stops the dial.
pub(super) struct Dial {
    pub(super) id: u64,
    /// How many waiters count on it.
    pub(super) relying: usize,
    pub(super) _stop: oneshot::Sender<()>,
}

impl<M, W> Set<M, W> {
    pub(super) fn new(peer: Arc<Peer>, streams: Option<usize>) -> Self {
        Self {
            peer,
            idle: VecDeque::new(),
            many: Vec::new(),
            dials: Vec::new(),
            waiters: BTreeMap::new(),
            undialled: 0,
            streams,
            opened: 0,
            closed: 0,
            exchanges: 0,
        }
    }

    /// Connections that exist.
    pub(super) fn open(&self) -> usize {
        usize::try_from(self.opened - self.closed).unwrap_or(usize::MAX)
    }

    /// Nothing would be lost with it.
    pub(super) fn is_over(&self) -> bool {
        self.open() == 0 && self.dials.is_empty() && self.waiters.is_empty()
    }

    pub(super) fn wait(&mut self, ticket: u64, who: W) {
        self.waiters.insert(ticket, Waiter { who, dial: None });
        self.undialled += 1;
    }

    /// Takes a waiter out, served or not.
    pub(super) fn leave(&mut self, ticket: u64) -> Option<W> {
        let waiter = self.waiters.remove(&ticket)?;
        match waiter.dial {
            None => self.undialled -= 1,
            Some(id) => {
                if let Some(dial) = self.dials.iter_mut().find(|dial| dial.id == id) {
                    dial.relying -= 1;
                }
            }
        }
        Some(waiter.who)
    }

    /// The waiter whose turn it is.
    pub(super) fn next(&mut self) -> Option<W> {
        let ticket = *self.waiters.first_key_value()?.0;
        self.leave(ticket)
    }

    /// Takes out a dial that is over; who counted on it waits for another.
    pub(super) fn end_dial(&mut self, id: u64) {
        let Some(at) = self.dials.iter().position(|dial| dial.id == id) else { return };
        let dial = self.dials.remove(at);
        if dial.relying > 0 {
            for waiter in self.waiters.values_mut().filter(|waiter| waiter.dial == Some(id)) {
                waiter.dial = None;
                self.undialled += 1;
            }
        }
    }

    /// Stops the dials that those who wait do not need.
    pub(super) fn trim(&mut self) {
        let Some(streams) = self.streams else { return };
        let needed = self.waiters.len().div_ceil(streams.max(1));
        while self.dials.len() > needed {
            if let Some(id) = self.dials.last().map(|dial| dial.id) {
                self.end_dial(id);
            }
        }
    }

    /// Finds dials for those who wait, new ones as long as there may be `room` more; tells the new ones.
    pub(super) fn plan(&mut self, mut room: usize, next: &mut u64) -> Vec<(u64, oneshot::Receiver<()>)> {
        let share = self.streams.unwrap_or(1).max(1);
        let mut begun = Vec::new();
        if self.undialled == 0 || (room == 0 && self.dials.iter().all(|dial| dial.relying >= share)) {
            return begun;
        }
        for waiter in self.waiters.values_mut().filter(|waiter| waiter.dial.is_none()) {
            let dial = match self.dials.iter_mut().find(|dial| dial.relying < share) {
                Some(dial) => dial,
                None if room > 0 => {
                    room -= 1;
                    *next += 1;
                    let (stop, stopped) = oneshot::channel();
                    begun.push((*next, stopped));
                    self.dials.push(Dial { id: *next, relying: 0, _stop: stop });
                    let Some(dial) = self.dials.last_mut() else { break };
                    dial
                }
                None => break,
            };
            dial.relying += 1;
            waiter.dial = Some(dial.id);
            self.undialled -= 1;
        }
        begun
    }
}
