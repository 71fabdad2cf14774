//! A loop by hand over reqwest, without retries, digest aside: what a program would write for itself.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::{Certificate, Client};
use sha2::{Digest, Sha256};

use super::order::{Device, Order, Ran, VERSION};

/// Carries out an order.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
pub(super) async fn run(order: Order) -> Ran {
    // Another one may be there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let artifact = Bytes::from(fs::read(&order.artifact).expect("an artifact"));
    let digest = digest(&artifact);
    let mut builder = Client::builder().no_proxy().http1_only().pool_max_idle_per_host(1);
    if !order.roots.as_os_str().is_empty() {
        let roots = Certificate::from_pem_bundle(&fs::read(&order.roots).expect("roots")).expect("roots in PEM");
        builder = builder.tls_certs_only(roots);
    }
    let client = builder.build().expect("a client");
    let (concurrency, shared) = (order.concurrency, Arc::new((order, AtomicUsize::new(0), AtomicU64::new(0))));
    let since = Instant::now();
    let workers = (0..concurrency).map(|_| {
        let (client, artifact, digest, shared) =
            (client.clone(), artifact.clone(), digest.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let (order, next, succeeded) = &*shared;
            while let Some(device) = order.devices.get(next.fetch_add(1, Ordering::Relaxed)) {
                if deliver(&client, device, &artifact, &digest).await == Some(true) {
                    succeeded.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("a worker that ends");
    }
    Ran::of(shared.2.load(Ordering::Relaxed), since.elapsed().as_secs_f64())
}

/// The artifact's `Repr-Digest`.
pub(super) fn digest(artifact: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(artifact)))
}

async fn deliver(client: &Client, device: &Device, artifact: &Bytes, digest: &str) -> Option<bool> {
    let push = client.post(format!("{}/update", device.address)).header("content-type", "application/octet-stream");
    let push = push.header("x-device-id", &device.id).header("x-device-name", &device.id);
    let push = push.header("x-update-version", VERSION).header("repr-digest", digest).body(artifact.clone());
    let answer = push.send().await.ok()?;
    let well = answer.status().is_success();
    answer.bytes().await.ok()?;
    let asked = client.get(format!("{}/version", device.address)).header("connection", "close");
    let version = asked.send().await.ok()?.text().await.ok()?;
    Some(well && version.trim() == VERSION)
}
