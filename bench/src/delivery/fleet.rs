//! The fleet's process: simulated devices, each a host of its own, on one core.

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use steadfast_testkit::{Authority, FleetBuilder, FleetSim, FleetTls, Layout, Tally};
use tokio::runtime::Builder;

use super::order::Device;
use super::process::pin;

/// What the fleet's process says first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Served {
    pub(super) devices: Vec<Device>,
    /// The certificates to trust; empty without TLS.
    pub(super) roots: PathBuf,
}

/// Serves so many devices, and tells what they received at each line of the standard input, until that ends.
pub(super) fn run(devices: usize, secret: bool, folder: &str) {
    pin(0);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime to be had");
    let builder = FleetSim::builder(devices).layout(Layout::Hosts);
    let (builder, roots) = if secret { tls(builder, folder) } else { (builder, PathBuf::new()) };
    let fleet = runtime.block_on(builder.start()).expect("a fleet");
    let devices = fleet.addresses().into_iter().map(|sim| Device { id: sim.id, address: sim.address }).collect();
    tell(&Served { devices, roots });
    for line in io::stdin().lock().lines() {
        line.expect("a standard input");
        tell(&fleet.report().totals);
    }
}

/// A certificate for each, and the file of the authority that everybody trusts.
fn tls(builder: FleetBuilder, folder: &str) -> (FleetBuilder, PathBuf) {
    let authority = Authority::new().expect("an authority");
    let roots = Path::new(folder).join("roots.pem");
    fs::write(&roots, authority.root_pem()).expect("a folder that can be written to");
    (builder.tls(FleetTls::new(authority).expect("a key")), roots)
}

fn tell(what: &impl Serialize) {
    println!("{}", serde_json::to_string(what).expect("plain data"));
}

/// What all devices received so far.
pub(super) fn totals(line: &str) -> Tally {
    serde_json::from_str(line).expect("what the fleet said")
}
