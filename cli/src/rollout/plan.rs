//! `steadfast rollout plan`: what a rollout would do, told before anything is done.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use steadfast_clock::{System, Wall};
use steadfast_delivery::{Severity, Survey, explain};

use super::run::Ready;
use super::settings::Settings;
use crate::exit::Failure;
use crate::say::Say;
use crate::store::{StoreArgs, told};
use crate::when::Span;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A file with all of the settings below (TOML); options that are given as well override it.
    #[arg(long = "plan", value_name = "FILE")]
    file: Option<PathBuf>,
    /// How long a device is taken to keep a worker busy.
    #[arg(long, value_name = "SPAN", default_value = "30s")]
    each: Span,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: Settings,
}

pub(super) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let ready = Ready::read(args.file.as_deref(), args.settings, &args.store, say).await?;
    // Whatever would be wrong with how devices are reached is told now, too.
    drop(ready.settings.push.client(say)?);
    let spec = ready.plan(ready.fleet.clone(), ready.concurrency())?.build().map_err(|error| told(&error))?.spec();
    let survey = Survey::of(&spec, &ready.fleet);
    let explanation = explain(&spec, &survey, args.each.0, System::new().wall());
    let mut stdout = std::io::stdout();
    if args.json {
        writeln!(stdout, "{}", super::json(&explanation)?)?;
    } else {
        write!(stdout, "{explanation}")?;
    }
    let wrong: Vec<&str> = explanation
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| &*finding.text)
        .collect();
    match wrong.first() {
        None => Ok(()),
        Some(first) if wrong.len() == 1 => Err(Failure::usage(format!("this cannot work: {first}"))),
        Some(first) => Err(Failure::usage(format!("this cannot work: {first} (and {} more)", wrong.len() - 1))),
    }
}
