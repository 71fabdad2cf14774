//! The area `llm`: language models' answers over loopback, whole and streamed, the server in a process of its own.

mod decode;
mod engine;
mod first;
mod idle;
mod plain;
mod streamed;
mod tails;
pub(crate) mod tape;

use crate::Outcome;
use crate::http::Served;

/// All rows of the area with `wanted` in their name, but for those in bytes.
pub fn outcomes(served: &Served, wanted: &str) -> impl Iterator<Item = Outcome> {
    let answers = plain::outcomes(served, wanted).chain(streamed::outcomes(served, wanted));
    answers.chain(first::outcomes(served, wanted)).chain(tails::outcomes(served, wanted)).chain(near(wanted))
}

/// The rows in bytes; `used` tells how many the allocator has handed out.
pub fn bytes(served: &Served, wanted: &str, used: impl Fn() -> usize) -> impl Iterator<Item = Outcome> {
    idle::outcomes(served, wanted, &used).into_iter()
}

/// The rows without a network.
fn near(wanted: &str) -> impl Iterator<Item = Outcome> {
    let rows = decode::ROWS.iter().map(|make| make());
    rows.filter(move |row| row.name.contains(wanted)).map(crate::measure)
}
