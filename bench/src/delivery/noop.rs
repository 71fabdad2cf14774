//! Deliveries to devices that take nothing and answer at once: what the orchestrator itself costs.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use steadfast_delivery::{
    Artifact, Device, Plan, Push, PushContext, PushError, Pushed, Rollout, SqliteStore, Verified,
};

use super::order::{Order, Ran};

const DEVICES: usize = 100_000;

/// Takes nothing, and answers at once.
pub(super) struct Nothing;

#[async_trait]
impl Push for Nothing {
    async fn push(&self, _: &PushContext, _: &Device, _: &Artifact) -> Result<Pushed, PushError> {
        Ok(Pushed::default())
    }

    async fn verify(&self, _: &PushContext, _: &Device, _: &str) -> Result<Verified, PushError> {
        Ok(Verified::default())
    }
}

/// Carries out an order of no devices: 100,000 of its own, into the order's store if it names one.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
pub(super) async fn run(order: Order) -> Ran {
    let devices = (0..DEVICES).map(|number| {
        let (b, c, d) = (number >> 16, number >> 8 & 0xff, number & 0xff);
        Device::new(format!("dev-{number:06}"), &format!("http://127.{b}.{c}.{d}")).expect("a device")
    });
    let plan = Plan::builder(Artifact::from_bytes("firmware")).devices(devices);
    let plan = plan.concurrency(NonZeroUsize::new(256).expect("not zero")).build().expect("a plan");
    let mut rollout = Rollout::builder(plan, Arc::new(Nothing));
    if order.store != Path::new("") {
        rollout = rollout.store(Arc::new(SqliteStore::open(&order.store).await.expect("a store")));
    }
    let rollout = rollout.build();
    let since = Instant::now();
    let report = rollout.execute().await.expect("a rollout that ends");
    Ran::of(report.status.succeeded, since.elapsed().as_secs_f64())
}
