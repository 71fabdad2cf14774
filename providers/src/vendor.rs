//! Where two providers differ: one table each.

use std::collections::VecDeque;
use std::sync::Arc;

use steadfast_pool::SseEvent;

use crate::problem::{Fault, Problem, Whole};
use crate::{Call, ErrorKind, Event};

/// What is special about a provider's API.
pub(crate) struct Vendor {
    /// The name, unless a client is given its own.
    pub(crate) name: &'static str,
    /// The base URL, unless a client is given its own.
    pub(crate) base_url: &'static str,
    /// What is appended to the base URL.
    pub(crate) path: &'static str,
    /// An ending of a base URL that is a mistake, because the path begins with it.
    pub(crate) doubled: Option<&'static str>,
    /// The variable that the key is usually in.
    pub(crate) key_variable: &'static str,
    /// The header that carries the key, and what comes before the key.
    pub(crate) key_header: (&'static str, &'static str),
    /// Headers of every request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The response header that names the request.
    pub(crate) request_id: &'static str,
    /// Machine words that say more than the status of the answer.
    pub(crate) codes: &'static [(&'static str, ErrorKind)],
    /// Machine words that count when there is no status: errors inside of a successful answer.
    pub(crate) classes: &'static [(&'static str, ErrorKind)],
    /// Writes a request.
    pub(crate) encode: fn(&Ask<'_>) -> Result<Vec<u8>, serde_json::Error>,
    /// Reads a whole answer.
    pub(crate) decode: fn(&[u8]) -> Result<Whole, Fault>,
    /// Reads a streamed answer.
    pub(crate) decoder: fn(Origin) -> Box<dyn Decode>,
}

/// What is written into a request.
pub(crate) struct Ask<'a> {
    pub(crate) call: &'a Call,
    pub(crate) model: &'a str,
    /// The client's own limit on the answer, for APIs that insist on one.
    pub(crate) max_tokens: u32,
    pub(crate) stream: bool,
}

/// Who was asked: what a start event says unless the answer knows better.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) provider: Arc<str>,
    pub(crate) model: Arc<str>,
}

impl Origin {
    pub(crate) fn start(&self, model: Option<String>, id: Option<String>) -> Event {
        Event::start(&*self.provider, model.unwrap_or_else(|| self.model.as_ref().to_owned()), id)
    }
}

/// Turns server-sent events into events of ours: pure, and the same whatever the chunks were.
pub(crate) trait Decode: Send {
    /// Takes in one event.
    ///
    /// # Errors
    ///
    /// The provider tells of a failure, or the event cannot be read.
    fn take(&mut self, event: &SseEvent, out: &mut VecDeque<Event>) -> Result<Progress, Fault>;

    /// The stream is over: gives out what was held back, and tells whether the answer is complete.
    fn close(&mut self, out: &mut VecDeque<Event>) -> bool;
}

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    Done,
}

impl Vendor {
    /// The kind of a failure: the exact words first, then the status, then what the body says about itself.
    pub(crate) fn kind(&self, status: u16, problem: &Problem) -> ErrorKind {
        if let Some(kind) = self.kind_of_code(problem) {
            return kind;
        }
        if status >= 400 {
            return kind_of_status(status);
        }
        match problem.number.filter(|number| *number >= 400) {
            Some(number) => kind_of_status(number),
            None => look_up(self.classes, problem).unwrap_or(ErrorKind::Server),
        }
    }

    /// The kind that an exact machine word tells, whatever the status.
    pub(crate) fn kind_of_code(&self, problem: &Problem) -> Option<ErrorKind> {
        look_up(self.codes, problem)
    }
}

fn look_up(words: &[(&str, ErrorKind)], problem: &Problem) -> Option<ErrorKind> {
    problem.words().find_map(|word| words.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind))
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::QuotaSpent,
        403 => ErrorKind::Permission,
        404 | 405 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        425 | 429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        500.. => ErrorKind::Server,
        _ => ErrorKind::InvalidRequest,
    }
}
