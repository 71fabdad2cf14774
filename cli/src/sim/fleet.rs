//! `steadfast sim fleet`: a simulated fleet.

mod nature;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use steadfast_delivery::{Device, DeviceStatus};
use steadfast_testkit::{FleetSim, Layout, SimDevice};

use crate::exit::Failure;
use crate::say::Say;
use crate::{files, inventory};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// How many devices there are.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    devices: u32,
    /// The address to listen on; port 0 takes a free one. Devices on hosts of their own are on every 127.x.y.z.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// All devices are paths of one address, URL/d/ID, instead of hosts 127.x.y.z of their own.
    #[arg(long)]
    one_host: bool,
    /// A script of faults (TOML).
    #[arg(long, value_name = "SCRIPT")]
    faults: Option<PathBuf>,
    /// Where to write the inventory that `rollout run` reads (.json, .csv or .toml).
    #[arg(long, value_name = "FILE")]
    inventory_out: Option<PathBuf>,
    #[command(flatten)]
    nature: nature::NatureArgs,
}

pub(super) async fn run(args: Args, say: &Arc<Say>) -> Result<(), Failure> {
    let faults = super::script(args.faults.as_deref())?;
    // The simulator holds one end of every connection.
    files::fit(1024, 1, say);
    let mut fleet = FleetSim::builder(args.devices as usize).bind(args.bind).faults(faults);
    if args.one_host {
        fleet = fleet.layout(Layout::Paths);
    }
    let fleet = args.nature.apply(fleet)?;
    let fleet = fleet.start().await.map_err(|error| super::cannot_start("fleet", &error))?;
    if let Some(path) = &args.inventory_out {
        write_inventory(path, &fleet)?;
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", fleet.url())?;
    stdout.flush()?;
    super::serve().await
}

/// The fleet as devices of the delivery crate.
pub(crate) fn devices(simulated: &[SimDevice]) -> Result<Vec<Device>, Failure> {
    simulated.iter().map(device).collect()
}

fn device(simulated: &SimDevice) -> Result<Device, Failure> {
    Device::new(&*simulated.id, &simulated.address).map_err(|error| Failure::work(error.to_string()))
}

/// Writes the devices with what is known of them: what they run, and whether they can be reached.
fn write_inventory(path: &Path, fleet: &FleetSim) -> Result<(), Failure> {
    let record = |simulated: &SimDevice| {
        let mut device = device(simulated)?;
        device.firmware_version = fleet.version(&simulated.id);
        device.status = if simulated.online { DeviceStatus::Online } else { DeviceStatus::Offline };
        Ok(device)
    };
    let records: Result<Vec<_>, Failure> = fleet.addresses().iter().map(record).collect();
    inventory::write(path, &records?)
}
