#![doc = include_str!("../README.md")]

mod identity;
mod provider;

mod call;
mod message;

mod attempt;
mod event;
mod finish;
mod hit;
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

mod cached;
mod fallback;
mod metered;

pub use anthropic::Anthropic;
pub use attempt::Attempt;
pub use builder::ClientBuilder;
pub use cached::{Cached, CachedBuilder, CachedStats};
pub use call::Call;
pub use error::{Error, ErrorKind};
pub use event::Event;
pub use fallback::{Fallback, FallbackBuilder, Switch};
pub use finish::Finish;
pub use hit::{CacheHit, HitKind};
pub use identity::Identity;
pub use key::ApiKey;
pub use message::{Message, Role};
pub use metered::Metered;
pub use openai::OpenAi;
pub use provider::{BoxFuture, Provider};
pub use reply::Reply;
pub use stream::{EventSource, ReplyStream};
pub use usage::Usage;

pub use steadfast_backoff as backoff;
pub use steadfast_cache as cache;
pub use steadfast_pool as pool;
pub use steadfast_telemetry as telemetry;
