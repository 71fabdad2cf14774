//! What one API looks like on the wire, as functions: a table for each.

use std::collections::VecDeque;
use std::sync::Arc;

use http::HeaderMap;
use steadfast_pool::SseEvent;

use crate::problem::{Fault, Whole};
use crate::{Api, Call, Capabilities, Event, Vendor, chat, messages, responses};

/// Writes the body of a request.
pub(crate) type Encode = fn(&Ask<'_>) -> Result<Vec<u8>, Unfit>;

/// How one API is spoken.
pub(crate) struct Family {
    /// What is appended to the base URL.
    pub(crate) path: &'static str,
    /// An ending of a base URL that is a mistake, because the path begins with it.
    pub(crate) doubled: Option<&'static str>,
    /// Writes a request.
    pub(crate) encode: Encode,
    /// The headers of this request alone.
    pub(crate) headers: fn(&Ask<'_>) -> Result<HeaderMap, Unfit>,
    /// Reads a whole answer.
    pub(crate) decode: fn(&[u8], &Vendor) -> Result<Whole, Fault>,
    /// Reads a streamed answer.
    pub(crate) decoder: fn(Origin, &Vendor) -> Box<dyn Decode>,
    /// How tokens are counted without an answer, where the API has an endpoint for it.
    pub(crate) counting: Option<Counting>,
    /// What can be asked for, as far as it is the API's to say.
    pub(crate) capabilities: Capabilities,
}

/// The endpoint that counts the tokens of a request.
pub(crate) struct Counting {
    /// Writes a request.
    pub(crate) encode: Encode,
    /// Reads the number.
    pub(crate) decode: fn(&[u8]) -> Result<u64, Fault>,
}

/// For APIs in which everything is in the body.
pub(crate) fn no_headers(_: &Ask<'_>) -> Result<HeaderMap, Unfit> {
    Ok(HeaderMap::new())
}

impl Api {
    /// How it is spoken; `None` for one that is not spoken yet.
    pub(crate) fn family(self) -> Option<&'static Family> {
        match self {
            Self::ChatCompletions => Some(&chat::FAMILY),
            Self::Messages => Some(&messages::FAMILY),
            Self::Responses => Some(&responses::FAMILY),
        }
    }
}

/// What is written into a request.
pub(crate) struct Ask<'a> {
    pub(crate) call: &'a Call,
    pub(crate) model: &'a str,
    /// The client's own limit on the answer, for APIs that insist on one.
    pub(crate) max_tokens: u32,
    pub(crate) stream: bool,
    /// The name that the client goes by, for the fields that are for it alone.
    pub(crate) provider: &'a str,
    pub(crate) vendor: &'a Vendor,
}

/// Why a call cannot be written as a request: what is asked for that the API or the model does not take, and what to do. It
/// quotes no contents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) String);

impl From<serde_json::Error> for Unfit {
    fn from(_: serde_json::Error) -> Self {
        Self(String::from("the request cannot be written as JSON"))
    }
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

    /// Where the answer can be taken up again; `None` where it cannot.
    fn bookmark(&self) -> Option<Bookmark> {
        None
    }

    /// The number of the last event that was taken in, where events are numbered.
    fn position(&self) -> Option<u64> {
        None
    }

    /// The events to come are those of another stream of the same answer, after this one.
    fn join(&mut self, _at: Bookmark) {}

    /// The connection was lost, and the events to come are those after the last one.
    fn rejoin(&mut self) {}

    /// All of the answer came, where the rest of its events was asked for.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take); [`Fault::Truncated`] when it is not complete.
    fn whole(&mut self, _body: &[u8], _out: &mut VecDeque<Event>) -> Result<(), Fault> {
        Err(Fault::Malformed(String::from("what came is no stream")))
    }
}

/// Where in an answer that the provider keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bookmark {
    pub(crate) id: String,
    /// The number of the last event that came.
    pub(crate) after: Option<u64>,
}

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    Done,
}
