#![doc = include_str!("../README.md")]

mod provider;

mod call;
mod message;

mod attempt;
mod event;
mod finish;
mod reply;
mod stream;
mod usage;

mod error;
mod lenient;
mod problem;
mod scrub;

mod key;
mod vendor;

mod builder;
mod classify;
mod client;
mod endpoint;

mod anthropic;
mod openai;

mod fallback;

pub use anthropic::Anthropic;
pub use attempt::Attempt;
pub use builder::ClientBuilder;
pub use call::Call;
pub use error::{Error, ErrorKind};
pub use event::Event;
pub use fallback::{Fallback, FallbackBuilder, Switch};
pub use finish::Finish;
pub use key::ApiKey;
pub use message::{Message, Role};
pub use openai::OpenAi;
pub use provider::{BoxFuture, Provider};
pub use reply::Reply;
pub use stream::{EventSource, ReplyStream};
pub use usage::Usage;

pub use steadfast_backoff as backoff;
pub use steadfast_pool as pool;
