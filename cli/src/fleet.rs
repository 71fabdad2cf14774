//! `steadfast fleet`: the devices that the store knows.

mod heartbeat;
mod import;
mod list;

pub(crate) use list::selected;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add the devices of inventories; one that is there already is replaced.
    Import(import::Args),
    /// List the devices.
    List(Box<list::Args>),
    /// Note that a device was heard of: it is online, and rollouts that wait for it go on.
    Heartbeat(heartbeat::Args),
}

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Import(args) => import::run(args).await,
        Command::List(args) => list::run(*args).await,
        Command::Heartbeat(args) => heartbeat::run(args).await,
    }
}
