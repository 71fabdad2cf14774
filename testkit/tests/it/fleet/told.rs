//! What devices run at first, and how they tell it.

use serde_json::json;
use sha2::{Digest, Sha256};
use steadfast_testkit::{Devices, FleetSim};

use super::{base, digest, push, version};
use crate::client::{Answer, addr_of, ask, get};

async fn tell(device: &steadfast_testkit::SimDevice) -> Answer {
    ask(addr_of(&device.address), &get(&format!("{}/version", base(device)))).await
}

#[tokio::test]
async fn devices_begin_with_different_versions() {
    let builder = FleetSim::builder(100).version("2.0.0").version_of(Devices::share_from(0.5, 0.25), "1.0.0");
    let fleet = builder.version_of(0.1, "0.9.0").version_of("dev-000007", "7").start().await.unwrap();
    let mut told = std::collections::BTreeMap::new();
    for device in fleet.addresses() {
        let version = version(&device).await;
        assert_eq!(fleet.version(&device.id).as_deref(), Some(&*version));
        *told.entry(version).or_insert(0) += 1;
    }
    assert_eq!(told.remove("7"), Some(1));
    let old = told["0.9.0"] + told["1.0.0"];
    assert!((34..=35).contains(&old) && told["2.0.0"] + old == 99, "{told:?}");
}

#[tokio::test]
async fn json_tells_version_and_digest_where_it_is_asked_to() {
    let builder = FleetSim::builder(1).version("1.0.0").json_version("/firmware/version");
    let fleet = builder.json_digest("/firmware/sha256").start().await.unwrap();
    let device = fleet.addresses().remove(0);
    let before = tell(&device).await;
    assert_eq!(before.header("content-type"), Some("application/json"));
    assert_eq!(before.json(), json!({ "firmware": { "version": "1.0.0", "sha256": null } }));
    assert_eq!(push(&device, "2.0.0", Some(&digest("firmware")), "firmware").await.status, 200);
    let hex: String = Sha256::digest("firmware").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tell(&device).await.json(), json!({ "firmware": { "version": "2.0.0", "sha256": hex } }));
}

#[tokio::test]
async fn a_digest_alone_makes_json_with_the_version_beside_it() {
    let fleet = FleetSim::builder(1).json_digest("/sha256").start().await.unwrap();
    assert_eq!(tell(&fleet.addresses()[0]).await.json(), json!({ "version": "0.0.0", "sha256": null }));
}
