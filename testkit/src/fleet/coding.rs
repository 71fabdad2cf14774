//! The content coding of a push's body: none, or zstd (RFC 8878), decoded as it comes within bounded memory.

#[cfg(feature = "zstd")]
mod zstd;

use crate::Headers;

/// How a body is coded.
pub(super) enum Coding {
    Identity,
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Stream>),
    /// One that the device does not know. The body is not looked into.
    Unknown,
}

impl Coding {
    /// The coding that these headers name, if the device takes it.
    #[cfg_attr(not(feature = "zstd"), expect(unused_variables, reason = "without the feature no device takes zstd"))]
    pub(super) fn of(headers: &Headers, zstd: bool) -> Self {
        let mut codings = headers.get_all("content-encoding").flat_map(|value| value.split(',')).map(str::trim);
        match (codings.next(), codings.next()) {
            (None | Some("identity"), None) => Self::Identity,
            #[cfg(feature = "zstd")]
            (Some(coding), None) if zstd && coding.eq_ignore_ascii_case("zstd") => Self::Zstd(Box::default()),
            _ => Self::Unknown,
        }
    }

    /// Hands the decoded bytes of a piece to `take`, some at a time.
    pub(super) fn decode(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        match self {
            Self::Identity => take(piece),
            #[cfg(feature = "zstd")]
            Self::Zstd(stream) => stream.decode(piece, take),
            Self::Unknown => {}
        }
    }

    /// Whether all of a body was decoded that is over.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Identity => true,
            #[cfg(feature = "zstd")]
            Self::Zstd(stream) => stream.is_whole(),
            Self::Unknown => false,
        }
    }
}
