//! A stream of zstd frames that is being decoded.

use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::zstd::params::DParameter;
use compression_codecs::{DecodeV2, ZstdDecoder};

/// The room for decoded bytes.
const ROOM: usize = 64 * 1024;
/// 8 MiB, the largest window that RFC 8878, section 3.1.1.1.2, asks every decoder to support.
const WINDOW_LOG: u32 = 23;

pub(crate) struct Stream {
    decoder: ZstdDecoder,
    room: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first frame.
    Fresh,
    Within,
    /// After a frame. There may be more.
    Over,
    Broken,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            decoder: ZstdDecoder::new_with_params(&[DParameter::window_log_max(WINDOW_LOG)]),
            room: vec![0; ROOM],
            state: State::Fresh,
        }
    }
}

impl Stream {
    pub(crate) fn decode(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        let mut input = PartialBuffer::new(piece);
        loop {
            match self.state {
                State::Broken => return,
                State::Fresh | State::Over if input.unwritten().is_empty() => return,
                _ => {}
            }
            let mut output = WriteBuffer::new_initialized(&mut self.room);
            let decoded = self.decoder.decode(&mut input, &mut output);
            let full = output.has_no_spare_space();
            take(output.written());
            self.state = match decoded {
                Ok(true) if self.decoder.reinit().is_ok() => State::Over,
                Ok(false) => State::Within,
                _ => State::Broken,
            };
            if self.state == State::Within && !full && input.unwritten().is_empty() {
                return;
            }
        }
    }

    /// Whether the last frame is over, and there is one.
    pub(crate) fn is_whole(&self) -> bool {
        self.state == State::Over
    }
}
