//! `steadfast rollout pause|cancel|retry|approve|skip-phase`: orders to a rollout, left in the store for whoever drives
//! it.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::{
    Artifact, Command, FailureClass, Hold, HttpPush, Rollout, RolloutRecord, RolloutState, Store,
};

use super::phase::class;
use crate::exit::Failure;
use crate::store::{self, StoreArgs, driver, told, who};
use crate::when::{now_ms, rest};

#[derive(clap::Args, Debug)]
pub(crate) struct OrderArgs {
    /// The rollout.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// Print where the rollout stands afterwards as one JSON object.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) store: StoreArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    pub(super) order: OrderArgs,
    /// Only devices that failed in this way, such as timed_out; may be given several times.
    #[arg(long = "class", value_name = "CLASS", value_parser = class)]
    pub(super) classes: Vec<FailureClass>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    pub(super) order: OrderArgs,
    /// The phase, from 1; without it, the one that waits.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) phase: Option<u32>,
    /// Who approves, for the log.
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

/// How long is waited for whoever drives the rollout to do as told.
const PATIENCE: u32 = 50;

/// How often is looked whether it did.
const GLANCE: Duration = Duration::from_millis(100);

pub(super) async fn pause(args: OrderArgs) -> Result<(), Failure> {
    give(args, Command::Pause, |record| match record.status.state {
        state if state.is_final() => Some(ended(record)),
        RolloutState::Paused => Some(format!("{} is paused already", record.id)),
        _ => None,
    })
    .await
}

pub(super) async fn cancel(args: OrderArgs) -> Result<(), Failure> {
    give(args, Command::Cancel, |record| record.status.state.is_final().then(|| ended(record))).await
}

pub(super) async fn skip_phase(args: OrderArgs) -> Result<(), Failure> {
    give(args, Command::SkipPhase, |record| record.status.state.is_final().then(|| ended(record))).await
}

pub(super) async fn retry(args: RetryArgs) -> Result<(), Failure> {
    let RetryArgs { order, classes } = args;
    give(order, Command::Retry { classes }, |record| {
        (record.status.failed == 0).then(|| format!("no device of {} has failed", record.id))
    })
    .await
}

pub(super) async fn approve(args: ApproveArgs) -> Result<(), Failure> {
    let ApproveArgs { order, phase, by } = args;
    give(order, Command::Approve { phase, by }, |record| match (&record.status.hold, phase) {
        _ if record.status.state.is_final() => Some(ended(record)),
        (Some(Hold::AwaitingApproval { phase: waits }), Some(phase)) if *waits != phase => {
            Some(format!("phase {phase} of {} does not wait for approval: phase {waits} does", record.id))
        }
        (Some(Hold::AwaitingApproval { .. }), _) => None,
        _ => Some(format!("no phase of {} waits for approval", record.id)),
    })
    .await
}

fn ended(record: &RolloutRecord) -> String {
    format!("{} has ended: it is {}", record.id, record.status.state)
}

/// Leaves an order, if nothing is against it, and tells what became of it.
async fn give(
    args: OrderArgs,
    command: Command,
    against: impl FnOnce(&RolloutRecord) -> Option<String>,
) -> Result<(), Failure> {
    let store = args.store.existing().await?;
    let record = store::rollout(store.as_deref(), Some(&args.id)).await?;
    let Some(store) = store else { return Ok(()) };
    if let Some(why) = against(&record) {
        return Err(Failure::usage(why));
    }
    let name = command.as_str().replace('_', " ");
    let done = match command {
        Command::Cancel if driver(&record).is_none() && end_alone(&store, &record).await => true,
        command => send(&store, &record, command).await?,
    };
    let record = store::rollout(Some(&*store), Some(&args.id)).await?;
    if args.json {
        writeln!(std::io::stdout(), "{}", super::json(&record.status)?)?;
        return Ok(());
    }
    let id = &record.id;
    let told = match (done, driver(&record)) {
        (true, _) => super::line(&record),
        (false, Some(holder)) => {
            format!("{id}: the order to {name} is kept; {} drives it, and has not taken it yet", who(holder))
        }
        (false, None) => format!(
            "{id}: the order to {name} is kept, but nobody drives it: `steadfast rollout resume {id}{}`",
            args.store.again()
        ),
    };
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}

/// Cancels a rollout that nobody drives; tells whether that worked. It takes its artifact, though nothing is sent.
async fn end_alone(store: &Arc<dyn Store>, record: &RolloutRecord) -> bool {
    let Some(path) = &record.spec.artifact.path else { return false };
    let (Ok(artifact), Ok(push)) = (Artifact::open(path).await, HttpPush::new()) else { return false };
    let rollout = Rollout::resume(Arc::clone(store), &*record.id, artifact, Arc::new(push)).build();
    rollout.handle().cancel();
    rollout.execute().await.is_ok()
}

/// Leaves an order, and waits a moment for whoever drives the rollout to carry it out; tells whether that happened.
pub(super) async fn send(store: &Arc<dyn Store>, record: &RolloutRecord, command: Command) -> Result<bool, Failure> {
    let number = store.send(&record.id, command, now_ms()).await.map_err(|error| told(&error))?;
    if driver(record).is_none() {
        return Ok(false);
    }
    for _ in 0..PATIENCE {
        let now = store::rollout(Some(&**store), Some(&record.id)).await?;
        if now.commands_done >= number {
            return Ok(true);
        }
        if driver(&now).is_none() {
            return Ok(false);
        }
        rest(GLANCE).await;
    }
    Ok(false)
}
