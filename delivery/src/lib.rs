#![doc = include_str!("../README.md")]

mod artifact;
mod device;
mod error;
mod filter;
mod rfc3339;
mod version;
mod window;

mod attempt;
mod failure;
mod push;

mod http;
mod redfish;
mod swupdate;

mod engine;
mod plan;
mod progress;
mod record;
mod strategy;

mod explain;
mod rollout;
mod store;

pub use artifact::{Artifact, DetachedSignature, SignatureKey, SignaturePolicy, Signed, chunk_size};
pub use attempt::Attempt;
pub use device::{Device, DeviceStatus};
pub use error::{Error, ErrorKind};
pub use explain::{Explanation, Finding, PlannedPhase, PlannedZone, Severity, Survey, explain};
pub use failure::{Failure, FailureClass, Stage};
pub use filter::{Filter, Mismatch};
#[cfg(feature = "zstd")]
pub use http::Zstd;
pub use http::{Bandwidth, HttpPush, HttpPushBuilder, Resumable};
pub use plan::{Plan, PlanBuilder};
pub use progress::{Eta, Later, Progress};
pub use push::{Deferral, DeferralReason, Polling, Push, PushContext, PushError, Pushed, Verified};
pub use record::{
    Command, DeviceState, Event, EventKind, Hold, Observer, Outcome, Report, RolloutState, RolloutStatus, Sent,
};
pub use redfish::{ApplyTime, RedfishPush, RedfishPushBuilder};
pub use rollout::{Events, Handle, Rollout, RolloutBuilder, deliver};
pub use store::{
    ArtifactRecord, Change, DeviceChange, Heartbeat, Holder, Imported, Lease, MemoryStore, NewRollout, Place,
    RolloutChange, RolloutRecord, Spec, Store, Target, TargetState,
};
#[cfg(feature = "sqlite")]
pub use store::{SqliteStore, SqliteStoreBuilder};
pub use strategy::{
    Bound, Comparator, Denominator, Gate, LateJoiners, Measure, OnFailure, Phase, Scope, SiteCap, Strategy,
    StrategyKind, WhenOffline,
};
pub use swupdate::{SwupdatePush, SwupdatePushBuilder};
pub use version::Version;
pub use window::{AtEnd, Leftover, Opening, Start, Window, WindowRule, WindowState, WindowZone, Zone};

pub use steadfast_backoff as backoff;
pub use steadfast_pool as pool;
