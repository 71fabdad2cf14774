//! OpenAI's Chat Completions, and the many APIs that are shaped like it.

mod decode;
mod wire;

use crate::family::Family;

pub(crate) static FAMILY: Family = Family {
    path: "/chat/completions",
    doubled: Some("/chat/completions"),
    encode: wire::encode,
    decode: wire::decode,
    decoder: decode::decoder,
};
