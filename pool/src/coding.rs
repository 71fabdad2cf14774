//! Content codings (RFC 9110, section 8.4): asked for, and undone on the way in, within bounds.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use bytes::{Buf, Bytes};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, RANGE};
use http::{HeaderMap, HeaderValue};

use self::codec::{Codec, Step};
use crate::error::ErrorKind;

mod codec;

/// The codings that are asked for, those that servers shall prefer first.
static ACCEPTED: LazyLock<HeaderValue> = LazyLock::new(|| {
    let names: Vec<&str> = codec::KNOWN.iter().map(|(name, _)| *name).collect();
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static("identity"))
});

/// What one step decodes at most.
const STEP: usize = 16 * 1024;

/// Up to here any inflation is fine.
const FREE: u64 = 1024 * 1024;

/// Asks for the codings that can be undone, unless the request says what it wants itself. Tells whether it did.
pub(crate) fn ask(wanted: bool, headers: &mut HeaderMap) -> bool {
    let ask = wanted && !headers.contains_key(ACCEPT_ENCODING) && !headers.contains_key(RANGE);
    if ask {
        headers.insert(ACCEPT_ENCODING, ACCEPTED.clone());
    }
    ask
}

/// What undoes the coding of an answer that was asked for with [`ask`]. The headers no longer tell of it then.
pub(crate) fn of(headers: &mut HeaderMap, inflation: Option<NonZeroU32>) -> Result<Option<Decoding>, Undecodable> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let names = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let mut names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
    let Some(name) = names.next() else { return Ok(None) };
    let known = codec::KNOWN.iter().find(|(known, _)| {
        name.eq_ignore_ascii_case(known.as_bytes()) || (*known == "gzip" && name.eq_ignore_ascii_case(b"x-gzip"))
    });
    let (Some((name, codec)), None) = (known, names.next()) else { return Err(Undecodable::Unknown) };
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Ok(Some(Decoding {
        name,
        codec: codec(),
        input: Bytes::new(),
        more: false,
        ended: false,
        taken: 0,
        given: 0,
        inflation,
        scratch: vec![0; STEP].into_boxed_slice(),
    }))
}

/// A coding being undone. It holds one chunk of the body, one step's output and the coding's window: 32 KiB of deflate,
/// 16 MiB of brotli, 8 MiB of zstd at most.
pub(crate) struct Decoding {
    name: &'static str,
    codec: Box<dyn Codec>,
    input: Bytes,
    /// The last step had more to give than it could.
    more: bool,
    /// The coded data is complete.
    ended: bool,
    taken: u64,
    given: u64,
    inflation: Option<NonZeroU32>,
    scratch: Box<[u8]>,
}

/// Why a coding cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undecodable {
    #[error("the answer has a content coding that was not asked for")]
    Unknown,
    #[error("the answer's {0} coding is damaged")]
    Damaged(&'static str),
    #[error("the answer ended early: its {0} coding is not complete")]
    CutOff(&'static str),
    #[error("the answer inflates to more than {0} times its size")]
    Bomb(NonZeroU32),
}

impl Decoding {
    /// The next bytes of the coded body; those before have been decoded.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.taken += bytes.len() as u64;
        self.input = bytes;
    }

    /// The next decoded bytes; `None` when more of the body is needed.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Undecodable> {
        loop {
            if self.ended && !self.input.is_empty() {
                // More members, or frames, may follow.
                self.ended = !self.codec.again();
                if self.ended {
                    return Err(Undecodable::Damaged(self.name));
                }
            }
            if self.input.is_empty() && !self.more {
                return Ok(None);
            }
            let Some(step) = self.codec.decode(&self.input, &mut self.scratch) else {
                return Err(Undecodable::Damaged(self.name));
            };
            let Step { read, written, ended } = step;
            self.input.advance(read);
            self.ended = ended;
            self.more = written == self.scratch.len() && !ended;
            if written > 0 {
                self.given += written as u64;
                self.check()?;
                return Ok(Some(Bytes::copy_from_slice(&self.scratch[..written])));
            }
            if read == 0 && !ended && !self.input.is_empty() {
                return Err(Undecodable::Damaged(self.name));
            }
        }
    }

    /// The body has ended: is the coded data complete? A body without any is.
    pub(crate) fn finish(&mut self) -> Result<(), Undecodable> {
        if self.ended || self.taken == 0 || self.codec.is_complete() {
            return Ok(());
        }
        Err(Undecodable::CutOff(self.name))
    }

    fn check(&self) -> Result<(), Undecodable> {
        match self.inflation {
            Some(most) if self.given > FREE && self.given > self.taken.saturating_mul(most.get().into()) => {
                Err(Undecodable::Bomb(most))
            }
            _ => Ok(()),
        }
    }
}

/// The kind of error that it is.
pub(crate) fn kind_of(error: &Undecodable) -> ErrorKind {
    match error {
        Undecodable::Bomb(_) => ErrorKind::TooLarge,
        _ => ErrorKind::Decode,
    }
}
