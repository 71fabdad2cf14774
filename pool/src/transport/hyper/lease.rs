//! Having a connection for one exchange: it goes back to its set, or is closed, whatever becomes of the exchange.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, Nanos};

use super::book::Grant;
use super::hub::Hub;
use super::line::Line;
use super::many::Many;
use super::parked::Parked;
use super::slots::Place;

/// A line that was idle for less is taken to be alive.
const TRUSTED: Duration = Duration::from_millis(1);

pub(super) enum Lease {
    Line(LineLease),
    Stream(StreamLease),
}

impl Lease {
    pub(super) fn of(hub: &Arc<Hub>, grant: Grant<Parked, Many>, now: Nanos) -> Self {
        let hub = Arc::clone(hub);
        match grant {
            Grant::Line { set, line, idle_since } => {
                let suspect = idle_since.is_some_and(|since| now.since(since) > TRUSTED);
                Self::Line(LineLease { hub, set, line: line.wake(suspect), spent: false })
            }
            Grant::Stream { set, id, many, reused } => Self::Stream(StreamLease { hub, set, id, many, reused }),
        }
    }
}

/// A connection for one exchange at a time.
pub(super) struct LineLease {
    hub: Arc<Hub>,
    set: Place,
    /// `None` when it turned out to have ended.
    line: Option<Box<Line>>,
    /// A request was handed to it: dropping the lease closes it.
    spent: bool,
}

impl LineLease {
    /// The line, for an exchange on it.
    pub(super) fn line(&mut self) -> Option<&mut Line> {
        self.spent = true;
        self.line.as_deref_mut()
    }

    /// Whether the line had exchanges before.
    pub(super) fn is_used(&self) -> bool {
        self.line.as_deref().is_some_and(Line::is_used)
    }

    /// Closes the line.
    pub(super) fn discard(mut self) {
        self.spent = true;
    }

    /// Nothing was handed to the line.
    pub(super) fn unused(&mut self) {
        self.spent = false;
    }

    /// Gives the line back for the next exchange.
    pub(super) fn keep(mut self) {
        self.spent = false;
    }
}

impl Drop for LineLease {
    fn drop(&mut self) {
        let now = self.hub.timer.now();
        match self.line.take() {
            Some(line) if !self.spent => {
                self.hub.with(|book, out| book.line_back(self.set, Parked::Whole(line), now, out));
            }
            line => {
                // The socket is closed before another may be dialled in its place.
                drop(line);
                self.hub.with(|book, out| book.line_lost(self.set, now, out));
            }
        }
    }
}

/// One stream of an HTTP/2 connection.
pub(super) struct StreamLease {
    pub(super) hub: Arc<Hub>,
    set: Place,
    id: u64,
    pub(super) many: Many,
    pub(super) reused: bool,
}

impl StreamLease {
    /// The connection takes no new streams.
    pub(super) fn drains(&self) {
        let now = self.hub.timer.now();
        self.hub.with(|book, out| book.many_drains(self.set, self.id, now, out));
    }
}

impl Drop for StreamLease {
    fn drop(&mut self) {
        let now = self.hub.timer.now();
        self.hub.with(|book, out| book.stream_back(self.set, self.id, now, out));
    }
}
