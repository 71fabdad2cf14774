//! Where frames begin and end in a stream of bytes (RFC 9113, section 4.1).

/// The length of a frame's header, in bytes.
pub(super) const HEADER: usize = 9;
/// The kind of a PING frame, and its flag of an acknowledgement.
const PING: u8 = 6;
const ACK: u8 = 1;
/// The kind of a GOAWAY frame.
const GOAWAY: u8 = 7;

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: [u8; HEADER],
    have: usize,
    payload_left: usize,
}

impl Frames {
    /// Whether what was shown so far ends where a frame ends.
    pub(super) fn at_boundary(&self) -> bool {
        self.have == 0 && self.payload_left == 0
    }

    /// Shows the next bytes. Gives how many of them belong to the frame that is current, and whether a PING begins there.
    pub(super) fn step(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.payload_left > 0 {
            let taken = self.payload_left.min(bytes.len());
            self.payload_left -= taken;
            return (taken, false);
        }
        let taken = (HEADER - self.have).min(bytes.len());
        self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
        self.have += taken;
        if self.have < HEADER {
            return (taken, false);
        }
        self.have = 0;
        let [a, b, c, kind, flags, ..] = self.header;
        self.payload_left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        (taken, kind == PING && flags & ACK == 0)
    }

    /// Shows all of `bytes`, and gives how many PINGs begin in them.
    pub(super) fn pings(&mut self, mut bytes: &[u8]) -> u64 {
        let mut pings = 0;
        while !bytes.is_empty() {
            let (taken, ping) = self.step(bytes);
            pings += u64::from(ping);
            bytes = &bytes[taken..];
        }
        pings
    }
}

/// A GOAWAY with this error code, after the stream `last`.
pub(super) fn go_away(last: u32, code: u32) -> Vec<u8> {
    let mut frame = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
    frame.extend_from_slice(&last.to_be_bytes());
    frame.extend_from_slice(&code.to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// PINGs are counted and boundaries found, wherever the network splits the frames.
        #[test]
        fn frames_are_followed_wherever_they_are_split(
            frames in prop::collection::vec((0usize..40, 0u8..10, any::<bool>()), 0..8),
            split in 1usize..20,
        ) {
            let mut wire = Vec::new();
            for (length, kind, ack) in &frames {
                wire.extend_from_slice(&[0, 0, u8::try_from(*length).unwrap(), *kind, u8::from(*ack), 0, 0, 0, 1]);
                wire.resize(wire.len() + length, 6);
            }
            let (mut follower, mut pings) = (Frames::default(), 0);
            for piece in wire.chunks(split) {
                pings += follower.pings(piece);
            }
            let sent = frames.iter().filter(|(_, kind, ack)| *kind == PING && !ack).count();
            prop_assert_eq!(pings, sent as u64);
            prop_assert!(follower.at_boundary());
        }
    }
}
