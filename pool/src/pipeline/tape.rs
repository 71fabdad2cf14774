//! A body that is taken down while it passes.

use bytes::{Bytes, BytesMut};

/// What has passed so far, and who is given it when that was all.
pub(super) struct Tape {
    pub(super) bytes: BytesMut,
    pub(super) most: usize,
    pub(super) then: Box<dyn FnOnce(Bytes) + Send>,
}

impl Tape {
    /// Whether there was room for it.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let room = self.bytes.len() + bytes.len() <= self.most;
        if room {
            self.bytes.extend_from_slice(bytes);
        }
        room
    }

    pub(super) fn end(self) {
        (self.then)(self.bytes.freeze());
    }
}
