//! The codings themselves.

/// One coding's decoder.
pub(super) trait Codec: Send {
    /// Decodes from the front of `input` into `output`; with an empty `input`, what is left from before. `None` when the
    /// data is damaged.
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step>;

    /// Begins anew with a further member; `false` where the coding has but one.
    fn again(&mut self) -> bool {
        false
    }

    /// Whether nothing is missing.
    fn is_complete(&mut self) -> bool {
        false
    }
}

/// What one step did.
pub(super) struct Step {
    pub(super) read: usize,
    pub(super) written: usize,
    /// The coded data is complete.
    pub(super) ended: bool,
}

type Make = fn() -> Box<dyn Codec>;

/// The codings of this build, those that servers shall prefer first: `zstd` of RFC 8878, `br` of RFC 7932, `gzip` of RFC
/// 1952, and `deflate`, which is the zlib format of RFC 1950 (RFC 9110, section 8.4.1.2).
pub(super) const KNOWN: &[(&str, Make)] = &[
    #[cfg(feature = "zstd")]
    ("zstd", flows::zstd),
    #[cfg(feature = "brotli")]
    ("br", brotli::new),
    #[cfg(feature = "gzip")]
    ("gzip", flows::gzip),
    #[cfg(feature = "deflate")]
    ("deflate", deflate::new),
];

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(any(feature = "deflate", feature = "gzip", feature = "zstd"))]
mod flows;
