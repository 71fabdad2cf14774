//! `deflate`: the zlib format by the standard, bare deflate data from some servers. The first byte tells.

use super::{Codec, Step, flows};

struct Deflate(Option<Box<dyn Codec>>);

pub(super) fn new() -> Box<dyn Codec> {
    Box::new(Deflate(None))
}

impl Codec for Deflate {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        let inner = self.0.get_or_insert_with(|| match input.first() {
            // Method 8 with a window of at most 32 KiB: a bare block would be one of a length that is not told.
            Some(first) if first & 0x0f == 8 && first >> 4 <= 7 => flows::zlib(),
            _ => flows::deflate(),
        });
        inner.decode(input, output)
    }

    fn is_complete(&mut self) -> bool {
        self.0.as_mut().is_some_and(|inner| inner.is_complete())
    }
}
