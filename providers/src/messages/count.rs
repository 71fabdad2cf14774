//! How many tokens a request would be: `POST /v1/messages/count_tokens`.

use serde::Deserialize;

use super::request::{Aim, write};
use crate::family::{Ask, Unfit};
use crate::problem::{Fault, json};

/// The same body, without what concerns the answer alone.
pub(super) fn encode(ask: &Ask<'_>) -> Result<Vec<u8>, Unfit> {
    write(ask, Aim::Count)
}

#[derive(Deserialize)]
struct Count {
    input_tokens: u64,
}

pub(super) fn decode(body: &[u8]) -> Result<u64, Fault> {
    json::<Count>("the count", body).map(|count| count.input_tokens)
}
