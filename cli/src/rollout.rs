//! `steadfast rollout`: one artifact, many devices.

mod conduct;
mod events;
mod file;
mod list;
mod orders;
mod phase;
mod plan;
mod probe;
mod resume;
mod run;
mod settings;
mod status;
mod strategy;
mod why;

use std::sync::Arc;

use clap::Subcommand;
use serde::Serialize;
use steadfast_delivery::{Hold, RolloutRecord, RolloutState, RolloutStatus};

use crate::exit::{Failure, interruptible};
use crate::say::Say;
use crate::when::{left, local};

pub(crate) use conduct::{Driven, drive, telling};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what a rollout would do, in which order and when. Nothing is sent and nothing is kept.
    Plan(Box<plan::Args>),
    /// Push to many devices: to all at once, or in steps, in maintenance windows, as they connect.
    Run(Box<run::Args>),
    /// Tell where a rollout stands, or why one of its devices was not updated.
    Status(status::Args),
    /// List the rollouts, the latest first.
    List(list::Args),
    /// Start no further device; what is in flight ends.
    Pause(orders::OrderArgs),
    /// Go on: lift a pause, or pick up a rollout whose process has died.
    Resume(Box<resume::Args>),
    /// Stop what is in flight, and cancel every device that is not done.
    Cancel(orders::OrderArgs),
    /// Try devices again that have failed.
    Retry(orders::RetryArgs),
    /// Let a phase begin that waits for approval.
    Approve(orders::ApproveArgs),
    /// Go on to the next phase without the rest of this one's watch, whatever its gates say.
    SkipPhase(orders::OrderArgs),
    /// Tell what happened, in order.
    Events(events::Args),
}

pub(crate) async fn run(command: Command, say: &Arc<Say>) -> Result<(), Failure> {
    match command {
        // These have their own way to end on Ctrl-C: what is in flight ends first.
        Command::Run(args) => run::run(*args, say).await,
        Command::Resume(args) => resume::run(*args, say).await,
        Command::Plan(args) => interruptible(plan::run(*args, say)).await,
        Command::Status(args) => interruptible(status::run(args)).await,
        Command::List(args) => interruptible(list::run(args)).await,
        Command::Pause(args) => interruptible(orders::pause(args)).await,
        Command::Cancel(args) => interruptible(orders::cancel(args)).await,
        Command::Retry(args) => interruptible(orders::retry(args)).await,
        Command::Approve(args) => interruptible(orders::approve(args)).await,
        Command::SkipPhase(args) => interruptible(orders::skip_phase(args)).await,
        Command::Events(args) => interruptible(events::run(args)).await,
    }
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::work(error.to_string()))
}

/// `till-2.1 paused: 120 succeeded, 3 failed, …`.
fn line(record: &RolloutRecord) -> String {
    format!("{} {}", record.id, figures(&record.status))
}

/// `running: 120 succeeded, 3 failed, 0 skipped, 0 cancelled of 207`, and what is left where anything is.
fn figures(status: &RolloutStatus) -> String {
    let RolloutStatus { state, total, succeeded, failed, skipped, cancelled, pending, deferred, in_flight, .. } =
        status;
    let mut text = format!("{state}: {succeeded} succeeded, {failed} failed, {skipped} skipped, {cancelled} cancelled");
    for (n, what) in [(in_flight, "in flight"), (deferred, "deferred"), (pending, "pending")] {
        if *n > 0 {
            text += &format!(", {n} {what}");
        }
    }
    format!("{text} of {total}")
}

/// How many of `total` devices a share is, rounded up: the places before this one are those of its phase and the earlier
/// ones.
#[expect(clippy::cast_possible_truncation, reason = "at most 100,000")]
#[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
pub(crate) fn places(percent: f64, total: u64) -> u64 {
    // In thousandths of a percent: 7 % of 100 are 7, also where 7.0 / 100.0 * 100.0 is a bit more.
    let thousandths = (percent * 1000.0).round().clamp(0.0, 100_000.0) as u64;
    total.saturating_mul(thousandths).div_ceil(100_000)
}

/// What keeps a rollout from starting devices, by the user's clock.
pub(crate) fn hold(hold: &Hold) -> String {
    match hold {
        Hold::Scheduled { until_ms } => format!("it starts at {}", local(*until_ms)),
        Hold::Soaking { phase, until_ms } => format!("phase {phase} is being watched until {}", local(*until_ms)),
        Hold::WindowClosed { until_ms: Some(until_ms) } => {
            format!("the maintenance window is closed until {}", local(*until_ms))
        }
        hold => hold.to_string(),
    }
}

/// `4 min 10 s to 6 min`, where anything is left and anything is known; half of the time it is less than the first, nine
/// times of ten less than the second.
pub(crate) fn time_left(status: &RolloutStatus) -> Option<String> {
    let is_going = matches!(status.state, RolloutState::Scheduled | RolloutState::Running);
    let (p50, p90) = (status.eta_s.p50?, status.eta_s.p90?);
    if !is_going || p90.is_zero() {
        return None;
    }
    let (p50, p90) = (left(p50), left(p90));
    let why = status.eta_s.later.map_or_else(String::new, |later| format!(" (more than before: {later})"));
    Some(if p50 == p90 { format!("{p50}{why}") } else { format!("{p50} to {p90}{why}") })
}
