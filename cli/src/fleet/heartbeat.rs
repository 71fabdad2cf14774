//! `steadfast fleet heartbeat`.

use std::io::Write;

use serde_json::json;
use steadfast_delivery::{Device, Heartbeat};

use crate::exit::Failure;
use crate::store::{StoreArgs, nearest, told};
use crate::when::now_ms;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The devices that were heard of.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Where the device is reached now, if that changed.
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// What it runs now.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if args.ids.len() > 1 && (args.address.is_some() || args.version.is_some()) {
        return Err(Failure::usage("--address and --version are told of one device at a time"));
    }
    if let (Some(address), Some(id)) = (&args.address, args.ids.first()) {
        Device::new(id, address).map_err(|error| told(&error))?;
    }
    let Some(store) = args.store.existing().await? else {
        return Err(Failure::usage("the fleet has no devices yet: `steadfast fleet import FILE` adds them"));
    };
    let at_ms = now_ms();
    let beats = args.ids.iter().map(|id| {
        let mut beat = Heartbeat::new(id, at_ms);
        beat.address.clone_from(&args.address);
        beat.firmware_version.clone_from(&args.version);
        beat
    });
    let unknown = store.heartbeat(beats.collect()).await.map_err(|error| told(&error))?;
    let noted = args.ids.len() - unknown.len();
    if args.json {
        writeln!(std::io::stdout(), "{}", json!({ "noted": noted, "unknown": unknown }))?;
    }
    let Some(first) = unknown.first() else { return Ok(()) };
    // One line for the first of them is enough to find the mistake.
    let known = store.devices(None, 10_000).await.map_err(|error| told(&error))?;
    let ids: Vec<&str> = known.iter().map(Device::id).collect();
    let near = nearest(first, &ids);
    let near = if near.is_empty() { String::new() } else { format!(": the nearest are {}", near.join(", ")) };
    Err(Failure::usage(format!("the fleet has no device `{first}`{near}")))
}
