//! What is done with the bytes of an answer by who has no client: counted, or read by hand.

use bytes::{Buf, BytesMut};
use memchr::memchr;

use super::typed::{Chat, Event, Message};
use crate::llm::tape::{Api, PIECES, TEXT};

/// Takes in the bytes of one answer.
pub(in crate::llm) trait Reading: Send + 'static {
    fn new(api: Api) -> Self;

    /// The length of the text of a whole answer.
    fn whole(api: Api, body: &[u8]) -> usize;

    /// The next bytes of a streamed one.
    fn feed(&mut self, bytes: &[u8]);

    /// How many pieces of text the streamed one had.
    fn pieces(self) -> usize;
}

/// Bytes are bytes.
pub(in crate::llm) struct Raw(usize);

impl Reading for Raw {
    fn new(_: Api) -> Self {
        Self(0)
    }

    fn whole(_: Api, body: &[u8]) -> usize {
        assert!(body.len() > TEXT.len());
        TEXT.len()
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn pieces(self) -> usize {
        assert!(self.0 > PIECES * 100);
        PIECES
    }
}

/// A loop over lines, and serde with texts that are borrowed: the text as it grows, the reason of its end, the usage.
pub(in crate::llm) struct ByHand {
    api: Api,
    unread: BytesMut,
    text: String,
    pieces: usize,
    finish: Option<String>,
    tokens: u64,
    over: bool,
}

impl Reading for ByHand {
    fn new(api: Api) -> Self {
        let (unread, text) = (BytesMut::new(), String::new());
        Self { api, unread, text, pieces: 0, finish: None, tokens: 0, over: false }
    }

    fn whole(api: Api, body: &[u8]) -> usize {
        match api {
            Api::Chat => {
                let answer: Chat<'_> = serde_json::from_slice(body).expect("an answer");
                assert!(answer.usage.is_some_and(|usage| usage.completion_tokens > 0));
                answer.choices[0].message.content.as_ref().map_or(0, |text| text.0.len())
            }
            Api::Messages => {
                let answer: Message<'_> = serde_json::from_slice(body).expect("an answer");
                assert!(answer.usage.output_tokens > 0);
                answer.content[0].text.as_ref().map_or(0, |text| text.0.len())
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = memchr(b'\n', &self.unread) {
            let line = self.unread.split_to(end);
            self.unread.advance(1);
            if let Some(data) = line.strip_prefix(b"data: ") {
                match self.api {
                    Api::Chat if data == b"[DONE]" => self.over = true,
                    Api::Chat => self.chunk(data),
                    Api::Messages => self.event(data),
                }
            }
        }
    }

    fn pieces(self) -> usize {
        assert!(self.over && self.finish.is_some() && self.tokens > 0 && !self.text.is_empty());
        self.pieces
    }
}

impl ByHand {
    /// How many pieces of text there were so far.
    pub(in crate::llm) fn so_far(&self) -> usize {
        self.pieces
    }

    fn chunk(&mut self, data: &[u8]) {
        let chunk: Chat<'_> = serde_json::from_slice(data).expect("a chunk");
        if let Some(choice) = chunk.choices.first() {
            self.wrote(choice.message.content.as_ref().map_or("", |text| &text.0));
            if let Some(reason) = choice.finish_reason {
                self.finish = Some(reason.to_owned());
            }
        }
        if let Some(usage) = chunk.usage {
            self.tokens = usage.completion_tokens;
        }
    }

    fn event(&mut self, data: &[u8]) {
        let event: Event<'_> = serde_json::from_slice(data).expect("an event");
        if let Some(delta) = event.delta {
            self.wrote(delta.text.as_ref().map_or("", |text| &text.0));
            if let Some(reason) = delta.stop_reason {
                self.finish = Some(reason.to_owned());
            }
        }
        if let Some(usage) = event.usage {
            self.tokens = usage.output_tokens;
        }
        self.over = event.class == "message_stop";
    }

    fn wrote(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.pieces += 1;
        }
    }
}
