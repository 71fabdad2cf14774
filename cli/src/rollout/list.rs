//! `steadfast rollout list`.

use std::io::Write;
use std::time::Duration;

use crate::exit::Failure;
use crate::store::{StoreArgs, driver, told};
use crate::when::{age, now_ms};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Some(store) = args.store.existing().await? else { return Ok(()) };
    let all = store.rollouts().await.map_err(|error| told(&error))?;
    let mut stdout = std::io::stdout().lock();
    let width = all.iter().map(|record| record.id.chars().count()).max().unwrap_or(0);
    for record in &all {
        let status = &record.status;
        if args.json {
            writeln!(stdout, "{}", super::json(status)?)?;
            continue;
        }
        let state = match (&status.hold, driver(record)) {
            _ if status.state.is_final() => status.state.to_string(),
            (None, Some(_)) => status.state.to_string(),
            (Some(hold), Some(_)) => format!("{}, {hold}", status.state),
            (_, None) => format!("{}, nobody drives it", status.state),
        };
        let done = status.total - status.pending - status.deferred - status.in_flight;
        let made = age(Duration::from_millis(now_ms().saturating_sub(record.created_ms)));
        let version = record.spec.version.as_deref().unwrap_or("-");
        let id = &record.id;
        writeln!(
            stdout,
            "{id:width$}  {version}  {done} of {} done, {} failed  {made} ago  {state}",
            status.total, status.failed
        )?;
    }
    Ok(())
}
