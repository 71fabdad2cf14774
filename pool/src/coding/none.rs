//! Content codings in a build without any: none is asked for, none is undone.

use std::num::NonZeroU32;

use bytes::Bytes;
use http::HeaderMap;

/// There is none.
pub(crate) enum Decoding {}

/// Nothing fails.
pub(crate) type Undecodable = std::convert::Infallible;

pub(crate) fn ask(_: bool, _: &mut HeaderMap) -> bool {
    false
}

pub(crate) fn of(_: &mut HeaderMap, _: Option<NonZeroU32>) -> Result<Option<Decoding>, Undecodable> {
    Ok(None)
}

impl Decoding {
    pub(crate) fn push(&mut self, _: Bytes) {
        match *self {}
    }

    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Undecodable> {
        match *self {}
    }

    pub(crate) fn finish(&mut self) -> Result<(), Undecodable> {
        match *self {}
    }
}

pub(crate) fn kind_of(error: &Undecodable) -> crate::error::ErrorKind {
    match *error {}
}
