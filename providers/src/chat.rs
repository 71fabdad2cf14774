//! OpenAI's Chat Completions, and the many APIs that are shaped like it.

mod answer;
mod balance;
mod calls;
mod chunk;
mod custom;
mod decode;
mod finish;
mod loose;
mod noted;
mod parts;
mod request;
mod usage;

use crate::family::Family;

pub(crate) static FAMILY: Family = Family {
    path: "/chat/completions",
    doubled: Some("/chat/completions"),
    encode: request::encode,
    decode: answer::decode,
    decoder: decode::decoder,
};
