//! One request to a simulated device, as the models of devices see it.

use sha2::{Digest, Sha256};
use steadfast_clock::Nanos;

use crate::server::Head;
use crate::{Headers, Reply};

/// A request whose body is being read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Headers,
    /// The length of the body by its own word.
    pub(super) length: Option<u64>,
    pub(super) now: Nanos,
    /// What is answered, whatever the body is.
    pub(super) refused: Option<Reply>,
    /// What the body is appended to.
    pub(super) append: Option<Append>,
    /// The body, where the model wants all of it.
    pub(super) held: Option<Vec<u8>>,
    /// How much of the body came.
    pub(super) came: u64,
    pub(super) complete: bool,
    /// What the request does against the protocol.
    pub(super) violations: Vec<String>,
}

/// Bytes that are added to an upload.
#[derive(Clone, Debug)]
pub(super) struct Append {
    pub(super) from: u64,
    /// The hash of everything up to here, and of the body alone.
    pub(super) whole: Sha256,
    pub(super) alone: Sha256,
}

/// The most of a body that is held.
const MOST_HELD: usize = 64 * 1024 * 1024;

impl Request {
    pub(super) fn new(head: &Head, now: Nanos) -> Self {
        Self {
            method: head.method.clone(),
            path: head.path().to_owned(),
            headers: head.headers.clone(),
            length: head.headers.get("content-length").and_then(|length| length.parse().ok()),
            now,
            refused: None,
            append: None,
            held: None,
            came: 0,
            complete: false,
            violations: Vec::new(),
        }
    }

    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.came += piece.len() as u64;
        if let Some(append) = &mut self.append {
            append.whole.update(piece);
            append.alone.update(piece);
        }
        if let Some(held) = &mut self.held {
            if held.len() + piece.len() <= MOST_HELD {
                held.extend_from_slice(piece);
            } else {
                self.refused = Some(Reply::status(413));
            }
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// A field that holds a whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The media type of the body, without parameters.
    pub(super) fn kind(&self) -> &str {
        self.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// Answers so, whatever the body is.
    pub(super) fn answer(&mut self, reply: Reply) {
        self.refused.get_or_insert(reply);
    }

    /// Refuses what the protocol forbids, and takes note of it.
    pub(super) fn forbid(&mut self, status: u16, why: impl Into<String>) {
        let why = why.into();
        self.answer(Reply::status(status).header("content-type", "text/plain").body(format!("{why}\n")));
        self.violations.push(format!("{} {}: {why}", self.method, self.path));
    }
}
