//! Who was asked and how, and what came of it.

use std::fmt;

use serde_json::{Value, json};

/// An API that both our client and an official SDK speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Chat,
    Responses,
    Messages,
}

impl Api {
    pub(super) const ALL: [Self; 3] = [Self::Chat, Self::Responses, Self::Messages];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chat => "Chat Completions",
            Self::Responses => "Responses",
            Self::Messages => "Messages",
        })
    }
}

/// How a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) api: Api,
    pub(super) stream: bool,
}

impl Asked {
    /// Every API, plain and streamed.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Api::ALL.into_iter().flat_map(|api| [false, true].map(|stream| Self { api, stream }))
    }

    /// The line that has a client ask.
    pub(super) fn order(self, url: &str, prompt: &str, times: u32) -> Value {
        let Self { api, stream } = self;
        json!({ "ask": { "api": api.as_str(), "stream": stream, "url": url, "prompt": prompt, "times": times } })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.api, if self.stream { ", streamed" } else { "" })
    }
}

/// What a client told, and after how many requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) what: String,
    pub(super) requests: u64,
}

impl Outcome {
    /// What it is, whatever the client calls its errors.
    pub(super) fn kind(&self) -> &str {
        let is_error = !self.what.starts_with("ok") && !self.what.starts_with("waits");
        if is_error { "error" } else { &self.what }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, requests } = self;
        write!(f, "`{what}`, {requests} request{}", if *requests == 1 { "" } else { "s" })
    }
}
