//! The command line: what there is to call, and how a call ends.

use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{ArgAction, Parser, Subcommand};

use crate::exit::{Failure, interruptible};
use crate::say::{Say, Volume};
use crate::{chat, demo, fleet, models, providers, push, rollout, sim};

/// Keep outbound calls alive: ask LLMs, push artifacts to devices, whatever happens on the way.
#[derive(Debug, Parser)]
#[command(name = "steadfast", version, arg_required_else_help = true)]
struct Args {
    /// Show every attempt, not only the waits between them.
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    verbose: bool,
    /// Say nothing but the result and errors.
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "verbose")]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask one question; the answer streams to stdout. Without a question: a conversation at the terminal.
    Chat(Box<chat::Args>),
    /// List the models of a provider.
    Models(models::Args),
    /// Who can be asked, and whether they answer.
    #[command(subcommand)]
    Providers(providers::Command),
    /// Push an artifact to one device, then verify it.
    Push(Box<push::Args>),
    /// Push an artifact to many devices, and keep an eye on it.
    #[command(subcommand)]
    Rollout(rollout::Command),
    /// The devices that rollouts choose from.
    #[command(subcommand)]
    Fleet(fleet::Command),
    /// Simulate LLM providers or a fleet of devices on loopback.
    #[command(subcommand)]
    Sim(sim::Command),
    /// Show it all at work against simulated providers and 1,000 simulated devices.
    Demo(demo::Args),
}

/// Runs the command line of this process.
pub(crate) fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let volume = match (args.quiet, args.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    let say = Say::new(volume);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(&say, Err(Failure::work(format!("cannot start: {error}")))),
    };
    let result = runtime.block_on(command(args.command, &say));
    // Whatever still runs in the background has nobody to report to.
    runtime.shutdown_background();
    end(&say, result)
}

/// Help goes to stdout; a wrong call is told in one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let shown = error.print();
        return if shown.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        drop(error.print());
        return ExitCode::from(2);
    }
    let text = error.to_string();
    let what = text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let what = what.strip_prefix("error: ").unwrap_or(&what);
    Say::new(Volume::Normal).error(&format!("{what} (--help tells more)"));
    ExitCode::from(2)
}

async fn command(command: Command, say: &Arc<Say>) -> Result<(), Failure> {
    match command {
        // A rollout has its own way to end on Ctrl-C: it says how far it came.
        Command::Rollout(command) => rollout::run(command, say).await,
        // In a conversation, Ctrl-C ends the answer and not the command.
        Command::Chat(args) => chat::run(*args, say).await,
        Command::Models(args) => interruptible(models::run(args, say)).await,
        Command::Providers(command) => interruptible(providers::run(command, say)).await,
        Command::Push(args) => interruptible(push::run(*args, say)).await,
        Command::Fleet(command) => interruptible(fleet::run(command)).await,
        Command::Sim(command) => interruptible(sim::run(command, say)).await,
        Command::Demo(args) => interruptible(demo::run(args, say)).await,
    }
}

fn end(say: &Say, result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = &failure.message {
                say.error(message);
            }
            ExitCode::from(failure.code)
        }
    }
}
