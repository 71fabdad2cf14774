//! A rollout to 100 simulated devices, of which some stumble and one never recovers: every one is accounted for.

use std::error::Error;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use steadfast::backoff::{Exponential, Jitter, Policy};
use steadfast::delivery::{Artifact, Device, DeviceState, Event, EventKind, HttpPush, Place, Plan, Rollout};
use steadfast::testkit::{FleetSim, Matcher, Reply, Script};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    // One device fails for good, the next three fail once, two more say "later".
    let update = || Matcher::new().path("/update");
    let faults = Script::new()
        .whenever(update().share(0.01), Reply::status(500))
        .when(update().share_from(0.01, 0.03), 1, Reply::status(503))
        .when(update().share_from(0.04, 0.02), 1, Reply::status(503).header("retry-after-ms", "200"));
    let fleet = FleetSim::builder(100).faults(faults).start().await?;

    let devices: Vec<Device> =
        fleet.addresses().iter().map(|sim| Device::new(&*sim.id, &sim.address)).collect::<Result<_, _>>()?;
    let artifact = Artifact::from_bytes(vec![7; 1024 * 1024]);
    let plan = Plan::builder(artifact)
        .version("2.0.0")
        .devices(devices)
        .concurrency(const { NonZeroUsize::new(16).unwrap() })
        .build()?;

    // The default schedule waits 1 s, then 2 s; nobody wants to watch that here.
    let schedule = Exponential::builder().base(Duration::from_millis(50)).jitter(Jitter::None).build()?;
    let push = HttpPush::builder().retry(Policy::new(schedule, 3)?).build()?;

    let rollout = Rollout::builder(plan, Arc::new(push)).observer(Arc::new(tell)).build();
    let handle = rollout.handle();
    let report = rollout.execute().await?;

    for outcome in report.failures() {
        if let Some(failure) = &outcome.failure {
            writeln!(out, "{} after {} attempts: {failure}", outcome.device, outcome.attempts)?;
        }
    }
    let outcomes = handle.outcomes(Place(0), 100).await?;
    let attempts: u32 = outcomes.iter().map(|outcome| outcome.attempts).sum();
    let status = &report.status;
    writeln!(
        out,
        "{}: {} devices, {} succeeded, {} failed, {attempts} requests, {} MiB sent",
        status.state,
        status.total,
        status.succeeded,
        status.failed,
        status.bytes_sent >> 20,
    )?;
    let received = fleet.report().totals;
    writeln!(
        out,
        "the fleet saw {} pushes, {} whole, {} repeated",
        received.pushes, received.digest_ok, received.pushes_after_success
    )?;
    Ok(())
}

/// Prints what is out of the ordinary.
fn tell(event: &Event) {
    if let EventKind::Device { device, to: DeviceState::Deferred, after: Some(after), .. } = &event.kind {
        let _ = writeln!(io::stdout(), "{device} says \"later\": in {:.1} s", after.as_secs_f64());
    }
}
