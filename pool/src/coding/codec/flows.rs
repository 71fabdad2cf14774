//! The codings whose decoders come from `compression-codecs`.

use compression_codecs::DecodeV2;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};

use super::{Codec, Step};

/// A decoder, and how it gives what is left when there is no input.
pub(super) struct Flow<D> {
    decoder: D,
    left: fn(&mut D, &mut WriteBuffer<'_>) -> Option<bool>,
    members: bool,
}

impl<D: DecodeV2 + Send> Codec for Flow<D> {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        let mut output = WriteBuffer::new_initialized(output);
        if input.is_empty() {
            let ended = (self.left)(&mut self.decoder, &mut output)?;
            return Some(Step { read: 0, written: output.written_len(), ended });
        }
        let mut input = PartialBuffer::new(input);
        let ended = self.decoder.decode(&mut input, &mut output).ok()?;
        Some(Step { read: input.written_len(), written: output.written_len(), ended })
    }

    fn again(&mut self) -> bool {
        self.members && self.decoder.reinit().is_ok()
    }

    fn is_complete(&mut self) -> bool {
        self.decoder.finish(&mut WriteBuffer::new_initialized(&mut [0; 64])).unwrap_or(false)
    }
}

#[cfg(any(feature = "deflate", feature = "gzip"))]
fn flush<D: DecodeV2>(decoder: &mut D, output: &mut WriteBuffer<'_>) -> Option<bool> {
    decoder.flush(output).ok().map(|_| false)
}

#[cfg(feature = "gzip")]
pub(super) fn gzip() -> Box<dyn Codec> {
    Box::new(Flow { decoder: compression_codecs::GzipDecoder::new(), left: flush, members: true })
}

#[cfg(feature = "deflate")]
pub(super) fn zlib() -> Box<dyn Codec> {
    Box::new(Flow { decoder: compression_codecs::ZlibDecoder::new(), left: flush, members: false })
}

#[cfg(feature = "deflate")]
pub(super) fn deflate() -> Box<dyn Codec> {
    Box::new(Flow { decoder: compression_codecs::DeflateDecoder::new(), left: flush, members: false })
}

/// Windows of up to 8 MiB, as RFC 9659 asks for.
#[cfg(feature = "zstd")]
pub(super) fn zstd() -> Box<dyn Codec> {
    use compression_codecs::zstd::params::DParameter;
    let decoder = compression_codecs::ZstdDecoder::new_with_params(&[DParameter::window_log_max(23)]);
    let left = |decoder: &mut compression_codecs::ZstdDecoder, output: &mut WriteBuffer<'_>| {
        DecodeV2::decode(decoder, &mut PartialBuffer::new(&[]), output).ok()
    };
    Box::new(Flow { decoder, left, members: true })
}
