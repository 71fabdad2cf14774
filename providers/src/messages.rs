//! Anthropic's Messages.

mod decode;
mod wire;

use crate::family::Family;

pub(crate) static FAMILY: Family = Family {
    path: "/v1/messages",
    doubled: Some("/v1"),
    encode: wire::encode,
    decode: wire::decode,
    decoder: decode::decoder,
};
