//! OpenAI's Responses: [create a response](https://platform.openai.com/docs/api-reference/responses) and its streamed
//! events.

mod answer;
mod decode;
mod input;
mod item;
mod items;
#[cfg(test)]
mod laws;
mod request;
mod tools;

use crate::Capabilities;
use crate::family::{Family, no_headers};

pub(crate) static FAMILY: Family = Family {
    path: "/responses",
    doubled: Some("/responses"),
    encode: request::encode,
    headers: no_headers,
    decode: answer::decode,
    decoder: decode::decoder,
    counting: None,
    capabilities: Capabilities {
        images: true,
        tools: true,
        schemas: true,
        reasoning: true,
        continues: false,
        embeds: false,
        counts_tokens: false,
        lists_models: false,
    },
};
