//! Firmware for a simulated management controller by Redfish: a session, a multipart push, a task, and the version.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::{ApplyTime, Artifact, Device, Place, Plan, RedfishPush, Rollout};
use steadfast_testkit::DeviceSim;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let controller = DeviceSim::redfish().busy_for(0).start().await?;

    let push = RedfishPush::builder()
        .session("admin", "secret")
        .apply_time(ApplyTime::Immediate)
        .inventory("BMC")
        .poll_every(Duration::from_secs(1))
        .build()?;
    let plan = Plan::builder(Artifact::from_bytes("2.0.0\nthe image"))
        .version("2.0.0")
        .devices([Device::new("bmc-1", controller.url())?])
        .build()?;
    let rollout = Rollout::builder(plan, Arc::new(push)).build();
    let handle = rollout.handle();
    rollout.execute().await?;

    for outcome in handle.outcomes(Place(0), 1).await? {
        let version = outcome.version.as_deref().unwrap_or("an unknown version");
        writeln!(std::io::stdout(), "{}: {} with {version}", outcome.device, outcome.state)?;
        if let Some(failure) = &outcome.failure {
            writeln!(std::io::stdout(), "{failure}")?;
        }
    }
    for seen in controller.seen() {
        writeln!(std::io::stdout(), "  {} {}", seen.method, seen.path)?;
    }
    Ok(())
}
