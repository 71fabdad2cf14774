//! What a message is made of.

use std::fmt;

use serde_json::Value;

use super::encoding::Encoder;
use super::normalise::{Normalise, Paths};

/// A part of a message, borrowed: it is read once and not kept. `Debug` shows what it is and how long, not what it says.
#[derive(Clone, Copy)]
pub struct Part<'a>(Kind<'a>);

#[derive(Clone, Copy)]
enum Kind<'a> {
    Text(&'a str),
    Bytes { media_type: &'a str, bytes: &'a [u8] },
    Url(&'a str),
    ToolCall { id: &'a str, name: &'a str, arguments: &'a Value },
    ToolResult { id: &'a str, text: &'a str },
    Json { kind: &'a str, value: &'a Value },
}

impl<'a> Part<'a> {
    /// Text.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self(Kind::Text(text))
    }

    /// An image, a recording or a file by its bytes.
    #[must_use]
    pub const fn bytes(media_type: &'a str, bytes: &'a [u8]) -> Self {
        Self(Kind::Bytes { media_type, bytes })
    }

    /// An image or a file by its address. What is found there may change while the key does not.
    #[must_use]
    pub const fn url(url: &'a str) -> Self {
        Self(Kind::Url(url))
    }

    /// A call of a tool by the model. Identifiers that the vendor draws anew for each answer keep conversations apart
    /// that are otherwise alike: number them, or leave them empty, where that is not wanted.
    #[must_use]
    pub const fn tool_call(id: &'a str, name: &'a str, arguments: &'a Value) -> Self {
        Self(Kind::ToolCall { id, name, arguments })
    }

    /// What a tool answered to the call with this identifier.
    #[must_use]
    pub const fn tool_result(id: &'a str, text: &'a str) -> Self {
        Self(Kind::ToolResult { id, text })
    }

    /// Anything else, by a name of your choice for what it is.
    #[must_use]
    pub const fn json(kind: &'a str, value: &'a Value) -> Self {
        Self(Kind::Json { kind, value })
    }

    /// Whether it is text.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self.0, Kind::Text(_))
    }

    pub(super) fn encode(&self, encoder: &mut Encoder, normalise: &Normalise) {
        match self.0 {
            Kind::Text(text) => {
                encoder.tag(b't');
                encoder.text(&normalise.text(text));
            }
            Kind::Bytes { media_type, bytes } => {
                encoder.tag(b'b');
                encoder.text(media_type);
                encoder.bytes(bytes);
            }
            Kind::Url(url) => {
                encoder.tag(b'u');
                encoder.text(url);
            }
            Kind::ToolCall { id, name, arguments } => {
                encoder.tag(b'c');
                encoder.text(id);
                encoder.text(name);
                encoder.json(arguments, &Paths::NONE);
            }
            Kind::ToolResult { id, text } => {
                encoder.tag(b'r');
                encoder.text(id);
                encoder.text(text);
            }
            Kind::Json { kind, value } => {
                encoder.tag(b'j');
                encoder.text(kind);
                encoder.json(value, &Paths::NONE);
            }
        }
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Kind::Bytes { bytes, .. } => write!(f, "Bytes({} bytes)", bytes.len()),
            Kind::Url(url) => write!(f, "Url({} bytes)", url.len()),
            Kind::ToolCall { .. } => f.write_str("ToolCall"),
            Kind::ToolResult { text, .. } => write!(f, "ToolResult({} bytes)", text.len()),
            Kind::Json { .. } => f.write_str("Json"),
        }
    }
}
