//! `steadfast rollout status`: where a rollout stands, and why a device was not updated.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use steadfast_delivery::{Hold, RolloutRecord};

use super::why;
use crate::exit::Failure;
use crate::store::{self, StoreArgs, driver, told, who};
use crate::when::{local, rest};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The rollout; without it, the latest one.
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// What became of this device, and why.
    #[arg(long, value_name = "DEVICE", conflicts_with = "watch")]
    device: Option<String>,
    /// Tell it again whenever it changes, until the rollout has ended.
    #[arg(long)]
    watch: bool,
    /// Print one JSON object (with --watch, one a line).
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// How often is looked whether anything changed.
const GLANCE: Duration = Duration::from_millis(250);

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let kept = args.store.existing().await?;
    let mut record = store::rollout(kept.as_deref(), args.id.as_deref()).await?;
    let Some(store) = kept else { return Ok(()) };
    if let Some(device) = &args.device {
        return why::tell(&*store, &record, device, args.json).await;
    }
    let mut shown = String::new();
    loop {
        let version = store.version().await.map_err(|error| told(&error))?;
        record = store::rollout(Some(&*store), Some(&record.id)).await?;
        let text = if args.json { super::json(&record.status)? } else { text(&record, &args.store) };
        if text != shown {
            show(&text, &shown, args.watch && !args.json)?;
            shown = text;
        }
        if !args.watch || record.status.state.is_final() {
            return Ok(());
        }
        while store.version().await.map_err(|error| told(&error))? == version {
            rest(GLANCE).await;
        }
    }
}

/// Prints it; at a terminal, in the place of what it replaces.
fn show(text: &str, before: &str, replaces: bool) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    if replaces && !before.is_empty() && stdout.is_terminal() {
        // Up to the first line, and clear from there on.
        write!(stdout, "\x1b[{}F\x1b[J", before.lines().count())?;
    }
    writeln!(stdout, "{text}")?;
    stdout.flush()?;
    Ok(())
}

/// Where it stands, in a few lines.
fn text(record: &RolloutRecord, store: &StoreArgs) -> String {
    let status = &record.status;
    let mut lines = vec![super::line(record)];
    if let Some(now) = status.phase.filter(|_| !record.spec.strategy.phases.is_empty()) {
        let phases = &record.spec.strategy.phases;
        let phase = now.checked_sub(1).and_then(|at| phases.get(at as usize));
        let name = phase.and_then(|phase| phase.name.as_deref()).map_or_else(String::new, |name| format!(", {name}"));
        let percent = phase.map_or(100.0, |phase| phase.percent);
        lines.push(format!("  phase      {now} of {} (up to {percent} % of the devices{name})", phases.len()));
    }
    if let Some(hold) = status.hold.as_ref().filter(|hold| **hold != Hold::Paused && !status.state.is_final()) {
        lines.push(format!("  held       {}", super::hold(hold)));
    }
    if let Some(left) = super::time_left(status) {
        lines.push(format!("  time left  {left}"));
    }
    let version = record.spec.version.as_deref().unwrap_or("not named");
    let artifact = &record.spec.artifact;
    let path = artifact.path.as_deref().map_or_else(String::new, |path| format!(" ({})", path.display()));
    lines.push(format!("  delivers   version {version}, {} bytes{path}", artifact.bytes));
    let rate = status.rate_per_s.map_or_else(String::new, |rate| format!(", {rate:.1} devices/s"));
    lines.push(format!("  sent       {} bytes{rate}", status.bytes_sent));
    lines.push(format!("  begun      {}", local(record.created_ms)));
    if let Some(of) = &record.spec.rollback_of {
        lines.push(format!("  takes back {of}"));
    }
    match driver(record) {
        _ if status.state.is_final() => {}
        Some(holder) => lines.push(format!("  driven by  {}", who(holder))),
        None => lines.push(format!("  driven by  nobody: `steadfast rollout resume {}{}`", record.id, store.again())),
    }
    lines.join("\n")
}
