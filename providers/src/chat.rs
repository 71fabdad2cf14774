//! OpenAI's Chat Completions, and the many APIs that are shaped like it.

mod answer;
mod balance;
mod calls;
mod chunk;
mod custom;
mod decode;
pub(crate) mod embed;
mod finish;
mod loose;
mod noted;
mod parts;
mod request;
#[cfg(test)]
mod tests;
mod usage;

use crate::Capabilities;
use crate::family::{Family, no_headers};

pub(crate) static FAMILY: Family = Family {
    path: "/chat/completions",
    doubled: Some("/chat/completions"),
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
