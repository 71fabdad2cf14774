//! `steadfast rollout`: one artifact, many devices.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use steadfast_delivery::{DeviceState, Event, EventKind, HttpPush, Plan, Report, Rollout, RolloutStatus};

use crate::exit::Failure;
use crate::push::{PushArgs, reason};
use crate::say::{Say, Volume};
use crate::{files, inventory, progress};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Push to every device of an inventory that is not offline, now.
    Run(RunArgs),
}

#[derive(clap::Args, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    what: PushArgs,
    /// The devices: a .json, .csv or .toml file with at least `id` and `address` of each.
    #[arg(long, value_name = "FILE")]
    inventory: PathBuf,
    /// The version that devices are told and must report afterwards.
    #[arg(long, value_name = "VERSION")]
    version: String,
    /// How many devices are worked on at once.
    #[arg(long, value_name = "N", default_value = "64")]
    concurrency: NonZeroUsize,
    /// Print the rollout's final state as one JSON object.
    #[arg(long)]
    json: bool,
}

/// How many devices that failed are told one by one.
const TOLD: usize = 20;

pub(crate) async fn run(command: Command, say: &Arc<Say>) -> Result<(), Failure> {
    let Command::Run(args) = command;
    let devices = inventory::read(&args.inventory)?;
    let push = args.what.client(say)?;
    let artifact = args.what.artifact().await?;
    let concurrency = files::fit(args.concurrency.get(), 1, say);
    let plan = Plan::builder(artifact)
        .version(args.version)
        .devices(devices)
        .concurrency(NonZeroUsize::new(concurrency).unwrap_or(NonZeroUsize::MIN))
        .build()
        .map_err(|error| Failure::usage(error.to_string()))?;
    let report = drive(rollout(plan, Arc::new(push), say), say).await?;
    tell_failures(&report, say);
    print(&report, args.json)?;
    end(&report.status)
}

/// A rollout that tells of the devices that say "later".
pub(crate) fn rollout(plan: Plan, push: Arc<HttpPush>, say: &Arc<Say>) -> Rollout {
    let say = Arc::clone(say);
    let observer = move |event: &Event| {
        if let EventKind::Device { device, to: DeviceState::Deferred, after: Some(after), .. } = &event.kind {
            say.wait(&format!("{device}: says \"later\"; pushing again in {:.1} s", after.as_secs_f64()));
        }
    };
    Rollout::builder(plan, push).observer(Arc::new(observer)).build()
}

/// Runs a rollout to its end and shows it; Ctrl-C cancels it.
pub(crate) async fn drive(rollout: Rollout, say: &Arc<Say>) -> Result<Report, Failure> {
    say.limit_waits(TOLD);
    let handle = rollout.handle();
    let shown = progress::show(handle.clone(), say);
    let interrupt = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            handle.cancel();
        }
    });
    let report = rollout.execute().await;
    interrupt.abort();
    shown.finish();
    report.map_err(|error| Failure::work(error.to_string()))
}

fn tell_failures(report: &Report, say: &Say) {
    let most = if say.volume() == Volume::Verbose { usize::MAX } else { TOLD };
    for outcome in report.failures().take(most) {
        say.note(&reason(outcome));
    }
    let more = usize::try_from(report.status.failed).unwrap_or(usize::MAX).saturating_sub(most);
    if more > 0 {
        say.note(&format!("… and {more} more that failed (-v shows all)"));
    }
}

fn print(report: &Report, json: bool) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    let status = &report.status;
    if json {
        let text = serde_json::to_string(status).map_err(|error| Failure::work(error.to_string()))?;
        writeln!(stdout, "{text}")?;
        return Ok(());
    }
    let RolloutStatus { id, state, total, succeeded, failed, skipped, cancelled, .. } = status;
    writeln!(
        stdout,
        "{id} {state}: {succeeded} succeeded, {failed} failed, {skipped} skipped, {cancelled} cancelled of {total}"
    )?;
    Ok(())
}

fn end(status: &RolloutStatus) -> Result<(), Failure> {
    if status.cancelled > 0 {
        return Err(Failure::interrupted());
    }
    if status.failed > 0 {
        return Err(Failure::work(format!("{} of {} devices failed", status.failed, status.total)));
    }
    Ok(())
}
