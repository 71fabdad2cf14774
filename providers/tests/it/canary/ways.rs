//! The ways that a call takes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::shared;
use steadfast_providers::cache::{Cache, DiskCache, MemoryCache, Rule};
use steadfast_providers::{ApiKey, Cached, Client, Hedging, Metered, Provider, Router, Target, Vendor};

use super::secrets::KEY;
use crate::rig::Rig;

/// One way through this crate.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) make: fn(&Rig, &Vendor, &str, &Path) -> Made,
}

pub(super) struct Made {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) client: Client,
    /// How it looks by now.
    pub(super) shown: Box<dyn Fn() -> String>,
}

pub(super) const WAYS: &[Way] = &[
    Way {
        name: "client",
        make: |rig, vendor, root, _| {
            let client = client(rig, vendor, root, "first");
            let this = client.clone();
            Made { provider: Arc::new(client.clone()), client, shown: Box::new(move || format!("{this:?}")) }
        },
    },
    Way { name: "router", make: |rig, vendor, root, _| made(rig, vendor, root, router(rig, vendor, root)) },
    Way {
        name: "cached in memory",
        make: |rig, vendor, root, _| {
            let cache = MemoryCache::new(1 << 20).unwrap();
            made(rig, vendor, root, cached(rig, vendor, root, Arc::new(cache)))
        },
    },
    Way {
        name: "cached on disk",
        make: |rig, vendor, root, folder| {
            let cache = DiskCache::builder(folder.join("answers.sqlite")).open().unwrap();
            made(rig, vendor, root, cached(rig, vendor, root, Arc::new(cache)))
        },
    },
    Way {
        name: "metered",
        make: |rig, vendor, root, _| made(rig, vendor, root, Metered::new(router(rig, vendor, root), &rig.pool)),
    },
];

fn made(rig: &Rig, vendor: &Vendor, root: &str, way: impl Provider + Clone + std::fmt::Debug + 'static) -> Made {
    let this = way.clone();
    let (provider, shown) = (Arc::new(way), Box::new(move || format!("{this:?}")));
    Made { provider, client: client(rig, vendor, root, "first"), shown }
}

fn client(rig: &Rig, vendor: &Vendor, root: &str, name: &str) -> Client {
    let base = match vendor.base_url.ends_with("/v1") {
        true => format!("{root}/v1"),
        false => root.to_owned(),
    };
    let builder = Client::builder(rig.pool.clone(), vendor.clone()).base_url(base).name(name).model("m");
    builder.api_key(ApiKey::new(KEY)).build().unwrap()
}

/// Two providers, a hedge between them, and answers that go on.
fn router(rig: &Rig, vendor: &Vendor, root: &str) -> Router {
    let target = |name| Target::new(client(rig, vendor, root, name)).continues(true);
    Router::builder()
        .target(target("first"))
        .target(target("second"))
        .hedging(Hedging::after(Duration::from_secs(3)).share(1.0).plain(true))
        .continue_streams(true)
        .timer(shared(rig.clock.clone()))
        .build()
        .unwrap()
}

fn cached(rig: &Rig, vendor: &Vendor, root: &str, cache: Arc<dyn Cache>) -> Cached {
    let builder = Cached::builder(router(rig, vendor, root), cache).rule(Rule::everything());
    builder.clock(rig.clock.clone()).timer(shared(rig.clock.clone())).registry(rig.pool.registry()).build()
}
