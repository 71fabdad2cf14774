//! Anthropic's Messages: <https://docs.claude.com/en/api/messages>, of its versions 2023-06-01 and 2026-10-21.

mod answer;
mod block;
mod blocks;
mod conversation;
mod count;
mod decode;
mod delta;
mod open;
mod request;
mod settings;
mod usage;

#[cfg(test)]
mod tests;

use crate::Capabilities;
use crate::family::{Counting, Family};

pub(crate) static FAMILY: Family = Family {
    path: "/v1/messages",
    doubled: Some("/v1"),
    encode: request::encode,
    headers: request::headers,
    decode: answer::decode,
    decoder: decode::decoder,
    counting: Some(Counting { encode: count::encode, decode: count::decode }),
    capabilities: Capabilities {
        images: true,
        tools: true,
        schemas: true,
        reasoning: true,
        continues: true,
        embeds: false,
        counts_tokens: false,
        lists_models: false,
    },
};
