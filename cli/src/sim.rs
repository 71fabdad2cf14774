//! `steadfast sim`: the simulators on their own, until they are interrupted.

mod fleet;
mod llm;

use std::path::Path;
use std::sync::Arc;

use clap::Subcommand;
use steadfast_testkit::Script;

use crate::exit::Failure;
use crate::say::Say;

pub(crate) use fleet::devices;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// An OpenAI-shaped and an Anthropic-shaped provider; prints a base URL for each.
    Llm(llm::Args),
    /// A fleet of devices; prints its URL, whose `/_sim/report` tells what every device received.
    Fleet(fleet::Args),
}

pub(crate) async fn run(command: Command, say: &Arc<Say>) -> Result<(), Failure> {
    match command {
        Command::Llm(args) => llm::run(args).await,
        Command::Fleet(args) => fleet::run(args, say).await,
    }
}

/// Reads a fault script.
fn script(path: Option<&Path>) -> Result<Script, Failure> {
    let Some(path) = path else { return Ok(Script::new()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the fault script {}: {error}", path.display())))?;
    Script::from_toml(&text)
        .map_err(|error| Failure::usage(format!("{}:{}: {}", path.display(), error.line, error.message)))
}

fn cannot_start(what: &str, error: &std::io::Error) -> Failure {
    let message = format!("cannot start the simulated {what}: {error}");
    match error.kind() {
        std::io::ErrorKind::InvalidInput => Failure::usage(message),
        _ => Failure::work(message),
    }
}

/// Serves until the process is interrupted.
async fn serve() -> Result<(), Failure> {
    std::future::pending().await
}
