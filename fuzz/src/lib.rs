//! Targets for a fuzzing engine: each reads what a stranger may send and asserts what must hold of it.

mod desk;
mod entry;
mod lines;

pub mod answer;
pub mod conversation;
pub mod headers;
pub mod limits;
pub mod plain;
pub mod recording;
pub mod retry_after;
pub mod script;
pub mod settings;
pub mod sse;
pub mod streams;
