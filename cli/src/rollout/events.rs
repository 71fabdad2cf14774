//! `steadfast rollout events`: what happened, in order; the audit log.

use std::io::Write;
use std::time::Duration;

use steadfast_delivery::{Event, EventKind, RolloutRecord, Store};

use crate::exit::Failure;
use crate::store::{self, StoreArgs, told};
use crate::when::{left, local, rest};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The rollout; without it, the latest one.
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Go on until the rollout has ended, as things happen.
    #[arg(long)]
    follow: bool,
    /// Only what is told of this device.
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Only the events after the one of this number.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: u64,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// How many events are read at a time.
const PAGE: usize = 1000;

/// How often is looked whether anything happened.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let kept = args.store.existing().await?;
    let record = store::rollout(kept.as_deref(), args.id.as_deref()).await?;
    let Some(store) = kept else { return Ok(()) };
    if let Some(device) = &args.device {
        super::why::place(&*store, &record, device).await?;
    }
    let mut after = args.after;
    loop {
        let version = store.version().await.map_err(|error| told(&error))?;
        after = show(&*store, &record, &args, after).await?;
        if !args.follow {
            return Ok(());
        }
        let now = store::rollout(Some(&*store), Some(&record.id)).await?;
        if now.status.state.is_final() && now.last_seq <= after {
            return Ok(());
        }
        while store.version().await.map_err(|error| told(&error))? == version {
            rest(GLANCE).await;
        }
    }
}

/// Shows what happened since; gives the number of the last event.
async fn show(store: &dyn Store, record: &RolloutRecord, args: &Args, mut after: u64) -> Result<u64, Failure> {
    loop {
        let events = store.events(&record.id, after, PAGE).await.map_err(|error| told(&error))?;
        let Some(last) = events.last() else { return Ok(after) };
        after = last.seq;
        let mut stdout = std::io::stdout().lock();
        for event in events.iter().filter(|event| concerns(event, args.device.as_deref())) {
            if args.json {
                writeln!(stdout, "{}", super::json(event)?)?;
            } else {
                writeln!(stdout, "{:>6}  {}  {}", event.seq, local(event.at_ms), line(&event.kind))?;
            }
        }
        stdout.flush()?;
    }
}

fn concerns(event: &Event, wanted: Option<&str>) -> bool {
    match (wanted, &event.kind) {
        (None, _) => true,
        (Some(wanted), EventKind::Device { device, .. }) => device == wanted,
        (Some(_), _) => false,
    }
}

/// What happened, in one line.
pub(super) fn line(kind: &EventKind) -> String {
    match kind {
        EventKind::Started { total, version, bytes, sha256 } => {
            let version = version.as_ref().map_or_else(String::new, |version| format!("version {version}, "));
            format!("started: {version}{bytes} bytes (SHA-256 {sha256}) to {}", devices(*total))
        }
        EventKind::Device { device, from, to, after, failure, .. } => match (after, failure) {
            (Some(after), _) => format!("{device}: {from} -> {to}, again in {}", left(*after)),
            (None, Some(failure)) => format!("{device}: {from} -> {to}: {failure}"),
            (None, None) => format!("{device}: {from} -> {to}"),
        },
        EventKind::PhaseStarted { phase, devices: n } => format!("phase {phase} begins, with {}", devices(*n)),
        EventKind::AwaitingApproval { phase } => format!("phase {phase} waits for approval"),
        EventKind::Approved { phase, by } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            format!("phase {phase} is approved{by}")
        }
        EventKind::Soaking { phase, until_ms } => format!("phase {phase} is being watched until {}", local(*until_ms)),
        EventKind::PhasePassed { phase, skipped: false } => format!("phase {phase} is passed"),
        EventKind::PhasePassed { phase, skipped: true } => format!("what is left of phase {phase} is skipped"),
        EventKind::GateFailed { phase, reason } => format!("phase {phase} is not passed: {reason}"),
        EventKind::Paused { reason } => format!("paused: {reason}"),
        EventKind::Resumed => String::from("resumed"),
        EventKind::Cancelling { reason } => format!("is being cancelled: {reason}"),
        EventKind::RollingBack { rollout } => format!("is taken back by the rollout {rollout}"),
        EventKind::Driven { by, recovered: 0 } => format!("driven by {by}"),
        EventKind::Driven { by, recovered: 1 } => {
            format!("driven by {by}; 1 device was in flight before, and is verified first")
        }
        EventKind::Driven { by, recovered: n } => {
            format!("driven by {by}; {n} devices were in flight before, and are verified first")
        }
        EventKind::Retried { devices: n } => format!("{} that failed are pending again", devices(*n)),
        EventKind::Joined { devices: n } => format!("{} of the fleet joined", devices(*n)),
        EventKind::Finished { status } => format!("finished: {}", super::figures(status)),
        // Of a later version of the library: its own name.
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn devices(n: u64) -> String {
    if n == 1 { String::from("1 device") } else { format!("{n} devices") }
}
