//! The two clients side by side on one pool: what one crate alone cannot show.

use std::sync::Arc;

use steadfast::backoff::{Exponential, Jitter, Policy};
use steadfast::clock::{TokioTimer, shared};
use steadfast::delivery::{Artifact, Device, DeviceState, HttpPush, deliver};
use steadfast::pool::Pool;
use steadfast::providers::{Call, Client, Provider, Router};
use steadfast::testkit::{FleetSim, LlmSim, Matcher, Reply, Script};

#[tokio::test]
async fn both_clients_share_one_pool_and_its_figures() {
    let overloaded = Script::new().whenever(Matcher::new().provider("openai"), Reply::status(529));
    let llm = LlmSim::builder().faults(overloaded).answer("Here I am.").start().await.unwrap();
    let fleet = FleetSim::builder(1).faults(Script::new().then(Reply::status(500))).start().await.unwrap();
    let pool = Pool::new().unwrap();
    let schedule = Exponential::builder().base(std::time::Duration::from_millis(1)).jitter(Jitter::None);
    let policy = Policy::new(schedule.build().unwrap(), 2).unwrap();

    let first = Client::openai(pool.clone()).base_url(llm.openai_url()).model("a").retry(policy).build().unwrap();
    let second = Client::anthropic(pool.clone()).base_url(llm.anthropic_url()).model("b").build().unwrap();
    let router = Router::builder().target(first).target(second).build().unwrap();
    let reply = router.complete(Call::new("Are you there?")).await.unwrap();
    assert_eq!((&*reply.text(), reply.fallbacks, reply.attempts.len()), ("Here I am.", 1, 3));

    let push = Arc::new(HttpPush::builder().pool(pool.clone()).retry(policy).build().unwrap());
    let device = Device::new("till-7", &fleet.addresses()[0].address).unwrap();
    let artifact = Artifact::from_bytes("firmware");
    let outcome = deliver(push, shared(TokioTimer::new()), device, artifact, Some("2.0.0")).await.unwrap();
    assert_eq!((outcome.state, outcome.version.as_deref()), (DeviceState::Succeeded, Some("2.0.0")));

    // Two calls for the question, two for the device (push, verify); one retry each.
    let metrics = pool.metrics();
    assert_eq!((metrics.requests, metrics.attempts, metrics.retries), (4, 6, 2));
    assert_eq!(metrics.retries_by_status, [(500, 1), (529, 1)].into());
}
