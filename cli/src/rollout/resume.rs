//! `steadfast rollout resume`: lift a pause, or pick up what nobody drives.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use steadfast_delivery::{Command, Rollout, RolloutRecord, RolloutState, Store};

use super::run::{self, Extra};
use super::{conduct, orders};
use crate::exit::{Failure, interruptible};
use crate::how::How;
use crate::push::open;
use crate::say::Say;
use crate::store::{self, StoreArgs, driver, told, who};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The rollout.
    #[arg(value_name = "ID")]
    id: String,
    /// Where the artifact is now, if it was moved. It must be the same one.
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
    /// Print where the rollout stands afterwards as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    how: How,
}

pub(super) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let kept = args.store.existing().await?;
    let record = store::rollout(kept.as_deref(), Some(&args.id)).await?;
    let Some(store) = kept else { return Ok(()) };
    if let Some(holder) = driver(&record) {
        return match record.status.state {
            RolloutState::Paused => interruptible(lift(&args, &store, &record)).await,
            _ => Err(Failure::work(format!("{} is being driven by {}", record.id, who(holder)))),
        };
    }
    let left = store.commands(&record.id, record.commands_done).await.map_err(|error| told(&error))?;
    let again = left.iter().any(|sent| matches!(sent.command, Command::Retry { .. }));
    if record.status.state.is_final() && !again {
        return print(&record, args.json);
    }
    let how = how(&args, &record)?;
    let push = Arc::new(how.client(say)?);
    let artifact = args.artifact.as_ref().or(record.spec.artifact.path.as_ref());
    let Some(path) = artifact else {
        return Err(Failure::usage(format!("{}: its artifact was in no file: give --artifact FILE", record.id)));
    };
    let artifact = open(path, true).await?;
    if artifact.digest_hex() != record.spec.artifact.sha256 {
        let message = format!(
            "{} is not the artifact of {} (SHA-256 {}): give the same file with --artifact",
            path.display(),
            record.id,
            record.spec.artifact.sha256
        );
        return Err(Failure::usage(message));
    }
    if record.status.state == RolloutState::Paused || left.iter().any(|sent| sent.command == Command::Pause) {
        orders::send(&store, &record, Command::Resume).await?;
    }
    let probing = run::probing(&how, &record.spec.strategy, &store, say)?;
    let rollout = Rollout::resume(store, &*record.id, artifact, push);
    conduct::to_the_end(&record.id, rollout, &record.spec.strategy.phases, probing, &args.store, args.json, say).await
}

/// How devices are reached: as before, but for what is said now. Secrets were not kept.
fn how(args: &Args, record: &RolloutRecord) -> Result<How, Failure> {
    let before = Extra::of(record).how;
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
    let given: Vec<String> = args.how.headers_env.iter().map(|line| name(line)).collect();
    let missing: Vec<&str> =
        before.headers_env.iter().filter(|line| !given.contains(&name(line))).map(String::as_str).collect();
    if !missing.is_empty() {
        let again = missing.iter().map(|line| format!("--header-env {line}")).collect::<Vec<_>>().join(" ");
        return Err(Failure::usage(format!("secrets are not kept with a rollout: give {again} again")));
    }
    Ok(args.how.clone().over(How { headers_env: Vec::new(), ..before }))
}

/// Lifts a pause of a rollout that somebody drives.
async fn lift(args: &Args, store: &Arc<dyn Store>, record: &RolloutRecord) -> Result<(), Failure> {
    let done = orders::send(store, record, Command::Resume).await?;
    let record = store::rollout(Some(&**store), Some(&args.id)).await?;
    if !done && !args.json {
        writeln!(std::io::stdout(), "{}: the order to resume is kept, and is not taken yet", record.id)?;
        return Ok(());
    }
    print(&record, args.json)
}

fn print(record: &RolloutRecord, json: bool) -> Result<(), Failure> {
    let text = if json { super::json(&record.status)? } else { super::line(record) };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
