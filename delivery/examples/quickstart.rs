//! A rollout to a simulated fleet in which some devices fail, and what the report says of them.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use steadfast_delivery::backoff::{Exponential, Policy};
use steadfast_delivery::{Artifact, Device, Event, EventKind, HttpPush, Place, Plan, Rollout};
use steadfast_testkit::{FleetSim, Matcher, Reply, Script};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Three of a hundred devices are down for a moment, one of them for good.
    let update = || Matcher::new().path("/update");
    let faults = Script::new()
        .when(update().share_from(0.01, 0.03), 1, Reply::status(503))
        .whenever(update().share(0.01), Reply::status(500));
    let fleet = FleetSim::builder(100).faults(faults).start().await?;
    let devices: Result<Vec<_>, _> =
        fleet.addresses().iter().map(|sim| Device::new(sim.id.as_str(), &sim.address)).collect();

    // Shorter waits than a real fleet gets, so that this is over soon.
    let schedule = Exponential::builder().base(Duration::from_millis(20)).cap(Duration::from_secs(1)).build()?;
    let push = HttpPush::builder().retry(Policy::new(schedule, 3)?).build()?;

    let plan = Plan::builder(Artifact::from_bytes(vec![42; 1 << 20]))
        .version("2.0.0")
        .devices(devices?)
        .concurrency(NonZeroUsize::new(16).ok_or("zero")?)
        .build()?;
    let observer = |event: &Event| {
        if let EventKind::Device { device, failure: Some(failure), .. } = &event.kind {
            let _ = writeln!(std::io::stdout(), "{device}: {failure}");
        }
    };
    let rollout = Rollout::builder(plan, Arc::new(push)).observer(Arc::new(observer)).build();
    let handle = rollout.handle();
    let report = rollout.execute().await?;

    let status = &report.status;
    let outcomes = handle.outcomes(Place(0), 100).await?;
    let attempts: u32 = outcomes.iter().map(|outcome| outcome.attempts).sum();
    writeln!(
        std::io::stdout(),
        "{}: {} succeeded, {} failed, {attempts} attempts, {} bytes",
        status.state,
        status.succeeded,
        status.failed,
        status.bytes_sent
    )?;
    Ok(())
}
