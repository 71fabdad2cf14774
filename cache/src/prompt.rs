//! What a language model's request is filed under, and whether its answer may be kept.

mod encoding;
mod facts;
mod key;
mod normalise;
mod part;
mod rule;

pub use facts::{PromptFacts, Tools};
pub use key::PromptKey;
pub use normalise::Normalise;
pub use part::Part;
pub use rule::{Cacheable, Rule, Uncacheable};
