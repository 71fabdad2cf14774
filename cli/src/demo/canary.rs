//! The third act: a progressive rollout whose artifact is bad, and which stops at its canary.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use steadfast_delivery::{Artifact, Event, EventKind, Gate, HttpPush, OnFailure, Phase, Plan, Rollout, Strategy};
use steadfast_testkit::FleetSim;

use super::Stage;
use super::report::Canary;
use crate::exit::Failure;
use crate::rollout;
use crate::say::Say;
use crate::sim::devices;

pub(super) const DEVICES: u64 = 200;
/// The first phase: 10 %.
pub(super) const CANARIES: u64 = 20;
/// More than the gate lets pass, wherever they are: 20 devices at 95 % allow one failure.
const BAD: f64 = 0.5;

const OLD: &str = "2.0.0";
const NEW: &str = "2.1.0";

pub(super) async fn run(stage: Stage, say: &Arc<Say>) -> Result<Canary, Failure> {
    stage.line(
        "\n4. The next update does not boot on half of the devices. It goes to a canary of 10 % first, of which 95 % must\n   \
         succeed.\n",
    )?;
    let failed = |error: &dyn std::fmt::Display| Failure::work(error.to_string());
    let sim = FleetSim::builder(200)
        .version(OLD)
        .bad(BAD)
        .start()
        .await
        .map_err(|error| Failure::work(format!("cannot start the simulated fleet: {error}")))?;
    let push = HttpPush::builder().verify_within(Duration::ZERO).build().map_err(|error| failed(&error))?;
    let canary = Phase::percent(10.0).name("canary").gate(Gate::success_at_least(95.0)).on_failure(OnFailure::Cancel);
    let plan = Plan::builder(Artifact::from_bytes("an update that does not boot everywhere"))
        .id("demo-canary")
        .version(NEW)
        .devices(devices(&sim.addresses())?)
        .strategy(Strategy::progressive([canary, Phase::percent(100.0)]))
        .concurrency(const { NonZeroUsize::new(8).unwrap() })
        .build()
        .map_err(|error| failed(&error))?;
    let phases = plan.strategy().phases.clone();
    let reason = Arc::new(Mutex::new(None));
    let told = Arc::clone(&reason);
    let rollout = Rollout::builder(plan, Arc::new(push)).observer(Arc::new(move |event: &Event| {
        if let EventKind::GateFailed { reason, .. } = &event.kind {
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
        }
    }));
    let rollout::Driven { report, interrupted } = rollout::drive(rollout, &phases, say).await?;
    if interrupted {
        return Err(Failure::interrupted());
    }
    let received = sim.report();
    let pushed = received.devices.values().filter(|device| device.pushes > 0).count() as u64;
    let reason = reason.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(Canary {
        state: report.status.state.to_string(),
        devices: report.status.total,
        canaries: CANARIES,
        succeeded: report.status.succeeded,
        failed: report.status.failed,
        cancelled: report.status.cancelled,
        untouched: DEVICES - pushed,
        reason: reason.unwrap_or_default(),
    })
}
