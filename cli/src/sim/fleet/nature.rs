//! What the devices of a simulated fleet are like, by the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use steadfast_testkit::{Authority, FleetBuilder, FleetTls, Leaf};

use crate::exit::Failure;

#[derive(clap::Args, Debug)]
pub(super) struct NatureArgs {
    /// What all devices run at first.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Devices tell their version as JSON, at this JSON pointer, such as /firmware/version; without it, as plain text.
    #[arg(long, value_name = "POINTER")]
    json_version: Option<String>,
    /// Devices also tell the SHA-256 of what they run, at this JSON pointer.
    #[arg(long, value_name = "POINTER")]
    json_digest: Option<String>,
    /// How long a device is away after an update, such as 90s or 2m.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    reboot: Option<Duration>,
    /// The share of devices, 0 to 1, or the pattern of ids, whose updates do not boot: they tell what they ran before.
    #[arg(long, value_name = "DEVICES")]
    bad: Option<String>,
    /// The share or pattern of devices that are offline until POST URL/_sim/online/PATTERN.
    #[arg(long, value_name = "DEVICES")]
    offline: Option<String>,
    /// The share or pattern of devices that take bodies coded with zstd.
    #[arg(long, value_name = "DEVICES")]
    zstd: Option<String>,
    /// Serve over TLS; DIR gets ca.pem, the certificate to trust.
    #[arg(long, value_name = "DIR")]
    tls: Option<PathBuf>,
    /// Require a client certificate; DIR gets client.pem, one with its key.
    #[arg(long, requires = "tls")]
    client_certificate: bool,
}

impl NatureArgs {
    pub(super) fn apply(self, mut fleet: FleetBuilder) -> Result<FleetBuilder, Failure> {
        if let Some(version) = self.version {
            fleet = fleet.version(version);
        }
        if let Some(pointer) = self.json_version {
            fleet = fleet.json_version(pointer);
        }
        if let Some(pointer) = self.json_digest {
            fleet = fleet.json_digest(pointer);
        }
        if let Some(lasts) = self.reboot {
            fleet = fleet.reboot(lasts);
        }
        if let Some(text) = &self.bad {
            fleet = fleet.bad(devices("--bad", text)?);
        }
        if let Some(text) = &self.offline {
            fleet = fleet.offline(devices("--offline", text)?);
        }
        if let Some(text) = &self.zstd {
            fleet = fleet.zstd(devices("--zstd", text)?);
        }
        if let Some(folder) = &self.tls {
            fleet = fleet.tls(tls(folder, self.client_certificate)?);
        }
        Ok(fleet)
    }
}

/// A share of the devices, or a pattern of ids.
fn devices(option: &str, text: &str) -> Result<steadfast_testkit::Devices, Failure> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share.into()),
        Ok(_) => Err(Failure::usage(format!("{option} {text}: a share is between 0 and 1"))),
        Err(_) => Ok(text.into()),
    }
}

/// A fresh authority, whose certificates are written where the user finds them.
fn tls(folder: &Path, client: bool) -> Result<FleetTls, Failure> {
    let failed = |error: std::io::Error| Failure::work(format!("cannot make certificates: {error}"));
    let authority = Arc::new(Authority::new().map_err(failed)?);
    let mut tls = FleetTls::new(Arc::clone(&authority)).map_err(failed)?;
    write(&folder.join("ca.pem"), authority.root_pem())?;
    if client {
        let identity = authority.issue(Leaf::client("steadfast")).map_err(failed)?;
        write(&folder.join("client.pem"), &identity.pem())?;
        tls = tls.require_client(&authority);
    }
    Ok(tls)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::usage(format!("cannot make the folder {}: {error}", folder.display())))?;
    }
    std::fs::write(path, text).map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))
}
