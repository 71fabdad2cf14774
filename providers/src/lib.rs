#![doc = include_str!("../README.md")]

pub mod admission;
mod api;
mod capabilities;
mod identity;
mod provider;

mod call;
mod effort;
mod format;
mod image;
mod message;
mod options;
mod part;
mod tool;
mod tool_call;
#[cfg(feature = "schemars")]
mod typed;

mod history;

mod assemble;
mod attempt;
mod cost;
mod event;
mod finish;
mod hit;
mod price;
mod recent;
mod reply;
mod seam;
mod stream;
mod timeouts;
mod usage;
mod usd;

mod embedding;
mod model;

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
mod settings;
mod stored;

#[cfg(feature = "config")]
mod config;

mod chat;
mod family;
mod messages;
mod responses;

mod cached;
mod metered;
mod router;

pub use api::Api;
pub use attempt::{Attempt, Billed};
pub use builder::ClientBuilder;
pub use cached::{Cached, CachedBuilder, CachedStats};
pub use call::Call;
pub use capabilities::Capabilities;
pub use client::{Client, Health};
#[cfg(feature = "config")]
pub use config::Providers;
pub use cost::Cost;
pub use effort::{Effort, Thinking};
pub use embedding::{EmbedCall, Embeddings};
pub use error::{Error, ErrorKind};
pub use event::{Event, ReasoningEnd};
pub use finish::Finish;
pub use format::OutputFormat;
pub use history::{Fitting, History, RoughTokens, TokenEstimator};
pub use hit::{CacheHit, HitKind};
pub use identity::Identity;
pub use image::{Image, ImageSource};
pub use key::{ApiKey, KeySource};
pub use message::{Message, Role};
pub use metered::Metered;
pub use model::ModelInfo;
pub use options::PromptCache;
pub use part::{CacheTtl, Other, Part, Reasoning};
pub use price::{Price, Prices, Terms};
pub use provider::{BoxFuture, Provider};
pub use recent::RecentCall;
pub use reply::Reply;
pub use router::{Hedging, Parked, Router, RouterBuilder, Rule, Strategy, Switch, Target, TargetReport};
pub use seam::Seam;
pub use settings::ModelSettings;
pub use stored::Stored;
pub use stream::{EventSource, ReplyStream};
pub use timeouts::{StreamTimeouts, Wait};
pub use tool::{Tool, ToolChoice};
pub use tool_call::{InvalidArguments, ToolCall, ToolResult};
pub use usage::Usage;
pub use usd::Usd;
pub use vendor::{Auth, Endpoints, Quirks, Vendor, Versions};

#[cfg(feature = "schemars")]
pub use schemars;
pub use steadfast_backoff as backoff;
pub use steadfast_cache as cache;
pub use steadfast_pool as pool;
pub use steadfast_telemetry as telemetry;
