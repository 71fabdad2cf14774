#![doc = include_str!("../README.md")]

mod artifact;
mod device;
mod error;

mod attempt;
mod failure;
mod push;

mod http;

mod plan;
mod rollout;

pub use artifact::{Artifact, chunk_size};
pub use attempt::Attempt;
pub use device::{Device, DeviceStatus};
pub use error::{Error, ErrorKind};
pub use failure::{Failure, FailureClass, Stage};
pub use http::{HttpPush, HttpPushBuilder};
pub use plan::{Plan, PlanBuilder};
pub use push::{Deferral, Push, PushContext, PushError, Pushed, Verified};
pub use rollout::{
    DeviceState, Eta, Event, EventKind, Handle, Observer, Outcome, Progress, Report, Rollout, RolloutBuilder,
    RolloutState, RolloutStatus, deliver,
};

pub use steadfast_backoff as backoff;
pub use steadfast_pool as pool;
