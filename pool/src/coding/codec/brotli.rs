//! Brotli, with the windows of RFC 7932: those of "large window brotli", up to 1 GiB, are refused.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Codec, Step};

struct Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>);

pub(super) fn new() -> Box<dyn Codec> {
    let state = BrotliState::new_strict(StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
    Box::new(Brotli(Box::new(state)))
}

impl Codec for Brotli {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        let (mut left, mut room) = (input.len(), output.len());
        let (mut read, mut written, mut total) = (0, 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            output,
            &mut total,
            &mut self.0,
        );
        match result {
            BrotliResult::ResultFailure => None,
            BrotliResult::ResultSuccess => Some(Step { read, written, ended: true }),
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Some(Step { read, written, ended: false }),
        }
    }
}
