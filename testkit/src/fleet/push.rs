//! A push whose body is being read: hashed as it comes, never held.

use sha2::{Digest, Sha256};

use crate::Headers;
use crate::server::Head;

use super::coding::Coding;
use super::device::Received;
use super::digest::{self, Announced};

/// A push whose body is being read.
pub(super) struct Push {
    pub(super) version: Option<String>,
    /// How many bytes came, before decoding.
    pub(super) bytes: u64,
    pub(super) received: Received,
    coding: Coding,
    /// Of what came.
    content: Check,
    /// Of what it is, decoded.
    repr: Check,
}

impl Push {
    /// The push that begins so; its device takes zstd or not.
    pub(super) fn new(head: &Head, zstd: bool) -> Self {
        Self {
            version: head.headers.get("x-update-version").map(str::to_owned),
            bytes: 0,
            received: Received::Cut,
            coding: Coding::of(&head.headers, zstd),
            content: Check::new(&head.headers, "content-digest"),
            repr: Check::new(&head.headers, "repr-digest"),
        }
    }

    /// Whether the device knows the coding of the body.
    pub(super) fn is_readable(&self) -> bool {
        !matches!(self.coding, Coding::Unknown)
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.content.feed(piece);
        let repr = &mut self.repr;
        self.coding.decode(piece, |decoded| repr.feed(decoded));
    }

    pub(super) fn finish(&mut self, complete: bool) {
        let sha256: [u8; 32] = self.repr.hash.clone().finalize().into();
        self.received = if !complete {
            Received::Cut
        } else if !self.coding.is_whole() || !self.content.holds() || !self.repr.holds() {
            Received::Mismatch
        } else if self.repr.announced.is_some() {
            Received::Match(sha256)
        } else {
            Received::Unchecked
        };
    }
}

/// A digest that was announced, and the one of what came.
struct Check {
    announced: Option<Announced>,
    hash: Sha256,
}

impl Check {
    fn new(headers: &Headers, field: &str) -> Self {
        Self { announced: digest::announced(headers, field), hash: Sha256::new() }
    }

    /// Without a digest to compare with, nothing is computed.
    fn feed(&mut self, piece: &[u8]) {
        if self.announced.is_some() {
            self.hash.update(piece);
        }
    }

    fn holds(&self) -> bool {
        match &self.announced {
            None => true,
            Some(Announced::Sha256(announced)) => *announced == <[u8; 32]>::from(self.hash.clone().finalize()),
            Some(Announced::Unreadable) => false,
        }
    }
}
