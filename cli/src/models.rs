//! `steadfast models`: which models a provider has.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use steadfast_pool::{Observer, Pool};
use steadfast_providers::{ModelInfo, Provider};

use crate::exit::Failure;
use crate::say::Say;
use crate::vendor::{Known, WhoArgs};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    who: WhoArgs,
    /// Print one JSON object: provider, models.
    #[arg(long)]
    json: bool,
}

/// The object of `--json`.
#[derive(Debug, Serialize)]
struct Output<'a> {
    provider: &'a str,
    models: &'a [ModelInfo],
}

pub(crate) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
    let pool = Pool::builder().observer(observer).build().map_err(|error| Failure::usage(error.to_string()))?;
    let provider = Known::new(&args.who, &pool)?.to_look_at()?;
    let models = provider.models().await.map_err(|error| Failure::work(error.to_string()))?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let output = Output { provider: provider.name(), models: &models };
        let text = serde_json::to_string(&output).map_err(|error| Failure::work(error.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    for model in &models {
        match model.context {
            Some(tokens) => writeln!(out, "{}\t{tokens} tokens", model.id)?,
            None => writeln!(out, "{}", model.id)?,
        }
    }
    Ok(())
}
