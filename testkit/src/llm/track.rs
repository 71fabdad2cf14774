//! The events of a streamed answer, in the pieces that its pace is made of.

use bytes::Bytes;

use crate::{Reply, SseEvent};

/// The events of a stream, in order. A piece is what is sent without a wait in between.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    /// Each event with the number of its piece.
    events: Vec<(usize, Bytes)>,
    piece: usize,
}

impl Track {
    /// An event that comes with the one before it.
    pub(super) fn add(&mut self, event: &SseEvent) {
        self.events.push((self.piece, event.encode()));
    }

    /// An event that begins a piece.
    pub(super) fn add_late(&mut self, event: &SseEvent) {
        self.wait();
        self.add(event);
    }

    /// What follows begins a piece.
    pub(super) fn wait(&mut self) {
        self.piece += 1;
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// How many waits there are.
    pub(super) fn waits(&self) -> usize {
        self.piece
    }

    /// The events from number `from` on, counted from 0, in their pieces; those of the pieces up to `due` are one piece.
    pub(super) fn pieces(&self, from: usize, due: usize) -> Vec<Bytes> {
        let mut pieces = vec![Vec::new(); self.piece.saturating_sub(due) + 1];
        for (piece, event) in self.events.iter().skip(from) {
            pieces[piece.saturating_sub(due)].extend_from_slice(event);
        }
        pieces.into_iter().map(Bytes::from).collect()
    }

    /// The events of the pieces up to `due`, from number `from` on.
    pub(super) fn due(&self, from: usize, due: usize) -> Bytes {
        let events = self.events.iter().skip(from).filter(|(piece, _)| *piece <= due);
        events.flat_map(|(_, event)| event.iter().copied()).collect()
    }

    /// The whole stream.
    pub(super) fn reply(&self) -> Reply {
        stream(self.pieces(0, 0))
    }
}

/// An event stream of these pieces.
pub(super) fn stream(pieces: Vec<Bytes>) -> Reply {
    Reply::status(200).header("content-type", "text/event-stream; charset=utf-8").chunks(pieces)
}
