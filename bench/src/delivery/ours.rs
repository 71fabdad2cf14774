//! Ours: a rollout as a user starts it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use steadfast_delivery::pool::Tls;
use steadfast_delivery::{Artifact, Device, HttpPush, Plan, Rollout, SqliteStore};

use super::order::{Order, Ran, VERSION};

/// Carries out an order.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
pub(super) async fn run(order: Order) -> Ran {
    let artifact = Artifact::open(&order.artifact).await.expect("an artifact");
    let devices = order.devices.iter().map(|device| Device::new(&device.id, &device.address).expect("a device"));
    let concurrency = NonZeroUsize::new(order.concurrency).expect("a device at least");
    let plan = Plan::builder(artifact).version(VERSION).devices(devices).concurrency(concurrency).ask_first(false);
    let plan = plan.build().expect("a plan");
    let push = push(&order);
    let mut rollout = Rollout::builder(plan, Arc::new(push));
    if !order.store.as_os_str().is_empty() {
        rollout = rollout.store(Arc::new(SqliteStore::open(&order.store).await.expect("a store")));
    }
    drop(order);
    let since = Instant::now();
    let report = rollout.build().execute().await.expect("a rollout that ends");
    Ran::of(report.status.succeeded, since.elapsed().as_secs_f64())
}

fn push(order: &Order) -> HttpPush {
    let push = HttpPush::builder();
    if order.roots.as_os_str().is_empty() {
        return push.build().expect("a push");
    }
    let roots = std::fs::read(&order.roots).expect("roots");
    let tls = Tls::new().add_root_pem(&roots).expect("roots in PEM").only_these_roots();
    push.tls(tls).build().expect("a push")
}
