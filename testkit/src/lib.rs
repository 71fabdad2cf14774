#![doc = include_str!("../README.md")]

mod headers;

mod script;
mod server;

mod fleet;
mod llm;

pub use fleet::{FleetBuilder, FleetSim, Layout, Report, SimDevice, Tally};
pub use headers::Headers;
pub use llm::{LlmBuilder, LlmSim, Vendor};
pub use script::{Matcher, Reply, Script, ScriptError, SseEvent, Step};
pub use server::{Seen, Server, ServerBuilder};
