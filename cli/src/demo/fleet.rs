//! The second act: an update for 1,000 devices, of which some fail once and some for good.

use std::num::NonZeroUsize;
use std::sync::Arc;

use steadfast_clock::{Clock, TokioTimer};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, HttpPush, Plan, Rollout};
use steadfast_pool::Observer;
use steadfast_testkit::{FleetSim, Matcher, Reply, Script};

use super::Stage;
use super::report::{Fleet, Quantiles};
use crate::exit::Failure;
use crate::say::Say;
use crate::sim::devices;
use crate::{files, rollout};

pub(super) const DEVICES: u64 = 1000;
/// 1 % never recover.
pub(super) const LOST: u64 = 10;
/// 3 % fail once.
pub(super) const SHAKY: u64 = 30;

const CONCURRENCY: usize = 64;
const VERSION: &str = "2.0.0";

pub(super) async fn run(stage: Stage, say: &Arc<Say>) -> Result<Fleet, Failure> {
    stage.line("\n3. An update for 1,000 devices: 3 % fail once, 1 % never recover.\n")?;
    // Both ends of every connection are in this process.
    let concurrency = files::fit(CONCURRENCY, 2, say);
    let update = || Matcher::new().path("/update");
    let faults = Script::new().whenever(update().share(0.01), Reply::status(500)).when(
        update().share_from(0.01, 0.03),
        1,
        Reply::status(503),
    );
    let sim = FleetSim::builder(1000)
        .faults(faults)
        .start()
        .await
        .map_err(|error| Failure::work(format!("cannot start the simulated fleet: {error}")))?;

    let failed = |error: &dyn std::fmt::Display| Failure::work(error.to_string());
    let policy = Policy::delivery();
    let observer: Arc<dyn Observer> = Arc::clone(say) as Arc<dyn Observer>;
    let pool = HttpPush::pool_builder(&policy).observer(observer).build().map_err(|error| failed(&error))?;
    let push = HttpPush::builder().pool(pool.clone()).retry(policy).build().map_err(|error| failed(&error))?;
    let plan = Plan::builder(Artifact::from_bytes(artifact()))
        .version(VERSION)
        .devices(devices(&sim.addresses())?)
        .concurrency(NonZeroUsize::new(concurrency).unwrap_or(NonZeroUsize::MIN))
        .build()
        .map_err(|error| failed(&error))?;
    let clock = TokioTimer::new();
    let started = clock.now();
    let rollout::Driven { report, interrupted } =
        rollout::drive(Rollout::builder(plan, Arc::new(push)), &[], say).await?;
    if interrupted {
        return Err(Failure::interrupted());
    }
    let received = sim.report().totals;
    let http = pool.metrics();
    Ok(Fleet {
        devices: report.status.total,
        succeeded: report.status.succeeded,
        failed: report.status.failed,
        skipped: report.status.skipped,
        attempts: received.pushes,
        requests: http.requests,
        retries: http.retries,
        latency_ms: Quantiles::of(&http.latency),
        elapsed_s: clock.now().since(started).as_secs_f64(),
        digest_ok: received.digest_ok,
        digest_bad: received.digest_bad,
        pushes_after_success: received.pushes_after_success,
    })
}

/// 64 KiB that look like firmware: no two blocks are alike.
fn artifact() -> Vec<u8> {
    (0_u32..16 * 1024).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect()
}
