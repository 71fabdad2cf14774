//! Whole rollouts over simulated fleets, where the devices themselves tell what they received.

mod boots;
mod faults;
mod leaks;
mod origin;
mod scale;
mod slow;
mod strategies;

use std::num::NonZeroUsize;
use std::sync::Arc;

use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::{
    Artifact, Device, DeviceStatus, Failure, Observer, Plan, Push, Rollout, RolloutBuilder, RolloutState, RolloutStatus,
};
use steadfast_testkit::{FleetSim, Tally};

use crate::support::{Memory, run};

/// The version that every rollout here brings.
const NEW: &str = "2.0.0";

/// What the devices of a simulated fleet are to a rollout.
fn fleet_of(sim: &FleetSim) -> Vec<Device> {
    let known = |simulated: steadfast_testkit::SimDevice| {
        let mut device = Device::new(simulated.id, &simulated.address).unwrap();
        device.status = if simulated.online { DeviceStatus::Online } else { DeviceStatus::Offline };
        device
    };
    sim.addresses().into_iter().map(known).collect()
}

/// Payload whose every part is different, so that a cursor in the wrong place shows.
fn payload(len: u32) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A rollout to be driven: of what, by which push, to whom.
struct Trip {
    artifact: Artifact,
    push: Arc<dyn Push>,
    devices: Vec<Device>,
    concurrency: usize,
    observer: Option<Arc<dyn Observer>>,
}

/// How it ended.
struct Told {
    status: RolloutStatus,
    /// Device, and why.
    failures: Vec<(String, Failure)>,
}

impl Trip {
    fn new(artifact: Artifact, push: impl Push + 'static, devices: Vec<Device>) -> Self {
        Self { artifact, push: Arc::new(push), devices, concurrency: 32, observer: None }
    }

    fn concurrency(mut self, devices: usize) -> Self {
        self.concurrency = devices;
        self
    }

    fn observer(mut self, observer: &Memory) -> Self {
        self.observer = Some(Arc::new(observer.clone()));
        self
    }

    fn builder(self) -> RolloutBuilder {
        let plan = Plan::builder(self.artifact).version(NEW).devices(self.devices);
        let plan = plan.concurrency(NonZeroUsize::new(self.concurrency).unwrap()).build().unwrap();
        let builder = Rollout::builder(plan, self.push);
        match self.observer {
            Some(observer) => builder.observer(observer),
            None => builder,
        }
    }

    /// In the time of the system.
    async fn make(self) -> Told {
        end(self.builder().build()).await
    }

    /// In the time of a clock that moves when nothing else does.
    async fn make_on(self, clock: &ManualClock) -> Told {
        let rollout = self.builder().timer(shared(clock.clone())).build();
        run(clock, end(rollout)).await
    }
}

async fn end(rollout: Rollout) -> Told {
    let report = rollout.execute().await.unwrap();
    let failures =
        report.failures().map(|outcome| (outcome.device.clone(), outcome.failure.clone().unwrap())).collect();
    Told { status: report.status, failures }
}

impl Told {
    /// Everything went as it should, for this many devices.
    #[track_caller]
    fn assert_completed(&self, devices: u64) {
        assert_eq!(self.failures.first().map(|(device, failure)| format!("{device}: {failure}")), None);
        assert_eq!((self.status.state, self.status.succeeded), (RolloutState::Completed, devices));
    }
}

/// Every device has accepted one body, all bodies that came whole match their digest, and every device runs the new
/// version.
#[track_caller]
fn assert_delivered_once(sim: &FleetSim) {
    let report = sim.report();
    let totals = report.totals;
    assert_eq!((totals.accepted, totals.digest_ok + totals.cut), (totals.devices, totals.pushes));
    assert_eq!((totals.digest_bad, totals.pushes_after_success), (0, 0));
    for (id, Tally { accepted, .. }) in &report.devices {
        assert_eq!((*accepted, sim.version(id).as_deref()), (1, Some(NEW)), "{id}");
    }
}
