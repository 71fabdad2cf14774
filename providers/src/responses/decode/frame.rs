//! The data of one event, borrowed: every event has some of these fields.

use serde::Deserialize;
use serde_json::Value;

use crate::lenient::lenient;
use crate::responses::answer::{Answer, Text};

#[derive(Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) class: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) sequence_number: Option<u64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) output_index: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) content_index: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) summary_index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<Text<'a>>,
    #[serde(default)]
    pub(super) part: Option<Value>,
    #[serde(default)]
    pub(super) item: Option<Value>,
    #[serde(default)]
    pub(super) response: Option<Answer>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

/// What is read of an event that does not fit: it may be one that is not known yet.
#[derive(Deserialize)]
pub(super) struct Head {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    pub(super) class: Option<String>,
}
