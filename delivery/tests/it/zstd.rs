//! Compressed uploads, to those who say that they take them.

use std::sync::Arc;

use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, Device, Place, Plan, Push, PushContext, Rollout, Zstd};
use steadfast_testkit::{FleetSim, Layout, Matcher, Reply, Script, Seen};

use crate::support::{device, http, run, server};

fn text() -> Vec<u8> {
    (0..40_000u32).flat_map(|i| format!("line {}\n", i / 7).into_bytes()).collect()
}

/// What a device gets that answers OPTIONS like this.
async fn pushed(zstd: Zstd, options: Reply, artifact: &Artifact) -> Vec<Seen> {
    let clock = ManualClock::new();
    let script = Script::new().whenever(Matcher::new().method("OPTIONS"), options).always(Reply::status(200));
    let server = server(&clock, script).await;
    let push = http(&clock, Policy::delivery()).zstd(zstd).build().unwrap();
    run(&clock, push.push(&PushContext::new(), &device("d", server.url()), artifact)).await.unwrap();
    server.seen()
}

fn offer() -> Reply {
    Reply::status(204).header("accept-encoding", "gzip, zstd")
}

#[tokio::test]
async fn who_takes_it_gets_it_compressed() {
    let contents = text();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &contents).unwrap();
    for artifact in [Artifact::open(file.path()).await.unwrap(), Artifact::from_bytes(contents.clone())] {
        for (zstd, requests) in [(Zstd::IfOffered, 2), (Zstd::Always, 1)] {
            let seen = pushed(zstd, offer(), &artifact).await;
            assert_eq!(seen.len(), requests);
            let push = seen.last().unwrap();
            assert_eq!(push.headers.get("content-encoding"), Some("zstd"));
            assert!(push.body_len < artifact.len() / 5, "{} of {}", push.body_len, artifact.len());
            assert_eq!(push.headers.get("content-length"), Some(&*push.body_len.to_string()));
            assert_eq!(push.headers.get("repr-digest"), artifact.digest_header().to_str().ok());
            let sent = Artifact::from_bytes(push.body.clone());
            assert_eq!(push.headers.get("content-digest"), sent.digest_header().to_str().ok());
            assert_eq!(zstd::decode_all(&push.body[..]).unwrap(), contents);
        }
    }
}

#[tokio::test]
async fn who_does_not_say_so_gets_it_as_it_is() {
    let artifact = Artifact::from_bytes(text());
    for options in [
        Reply::status(204),
        Reply::status(204).header("accept-encoding", "zstd;q=0"),
        Reply::status(405).header("accept-encoding", "zstd"),
        Reply::status(500),
        Reply::close(),
    ] {
        let seen = pushed(Zstd::IfOffered, options, &artifact).await;
        let push = seen.last().unwrap();
        assert_eq!((seen.len(), push.body_sha256, push.headers.get("content-encoding")), (2, *artifact.digest(), None));
    }
    let seen = pushed(Zstd::Never, offer(), &artifact).await;
    assert_eq!((seen.len(), seen[0].body_sha256), (1, *artifact.digest()), "and it is not asked");
}

#[tokio::test]
async fn what_does_not_get_smaller_is_sent_as_it_is() {
    let noise: Vec<u8> = Artifact::from_bytes("x").digest().to_vec();
    for contents in [noise, Vec::new()] {
        let artifact = Artifact::from_bytes(contents);
        let seen = pushed(Zstd::Always, offer(), &artifact).await;
        assert_eq!((seen[0].body_sha256, seen[0].headers.get("content-encoding")), (*artifact.digest(), None));
    }
}

#[tokio::test]
async fn a_fleet_of_both_kinds_ends_up_with_the_same() {
    let clock = ManualClock::new();
    let sim = FleetSim::builder(20).layout(Layout::Paths).zstd("dev-000003").zstd("dev-000007").start().await.unwrap();
    let push = Arc::new(http(&clock, Policy::delivery()).zstd(Zstd::IfOffered).build().unwrap());
    let fleet = sim.addresses().into_iter().map(|sim| Device::new(sim.id, &sim.address).unwrap());
    let artifact = Artifact::from_bytes(text());
    let plan = Plan::builder(artifact.clone()).version("2.0.0").devices(fleet).build().unwrap();
    let rollout = Rollout::builder(plan, push).timer(shared(clock.clone())).build();
    let handle = rollout.handle();
    let report = run(&clock, rollout.execute()).await.unwrap();
    assert_eq!((report.status.succeeded, sim.report().totals.digest_ok), (20, 20));
    let outcomes = handle.outcomes(Place(0), 20).await.unwrap();
    let bytes = |i: usize| outcomes[i].bytes_sent;
    assert!(bytes(0) == artifact.len() && bytes(2) < artifact.len() / 5 && bytes(2) == bytes(6));
}
