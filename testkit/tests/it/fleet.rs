//! The simulated fleet.

#[cfg(feature = "zstd")]
mod coding;
mod early;
mod heartbeat;
mod offline;
mod reboot;
#[cfg(feature = "tls")]
mod tls;
mod told;
mod watch;

use std::collections::BTreeSet;

use base64::Engine;
use sha2::{Digest, Sha256};
use steadfast_testkit::{FleetSim, Layout, Matcher, Reply, Report, Script, SimDevice};
use tokio::task::JoinSet;

use crate::client::{Answer, Client, End, addr_of, ask, get, post, until};

const LAYOUTS: [Layout; 2] = [Layout::Hosts, Layout::Paths];

/// The path below the host in a device's address.
fn base(device: &SimDevice) -> String {
    device.address.splitn(4, '/').nth(3).map_or_else(String::new, |path| format!("/{path}"))
}

fn digest(body: &str) -> String {
    format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(body)))
}

async fn push(device: &SimDevice, version: &str, digest: Option<&str>, body: &str) -> Answer {
    let mut headers = vec![("X-Update-Version", version), ("connection", "close")];
    headers.extend(digest.map(|digest| ("Repr-Digest", digest)));
    ask(addr_of(&device.address), &post(&format!("{}/update", base(device)), &headers, body)).await
}

async fn version(device: &SimDevice) -> String {
    ask(addr_of(&device.address), &get(&format!("{}/version", base(device)))).await.text()
}

#[tokio::test]
async fn a_device_runs_what_it_has_verified() {
    for layout in LAYOUTS {
        let fleet = FleetSim::builder(3).layout(layout).start().await.unwrap();
        let devices = fleet.addresses();
        let device = &devices[1];
        assert_eq!(device.id, "dev-000002");
        assert_eq!(version(device).await, "0.0.0");
        let bad = push(device, "2.0.0", Some(&digest("other")), "firmware").await;
        assert_eq!((bad.status, version(device).await.as_str()), (400, "0.0.0"));
        let unchecked = push(device, "2.0.0", None, "firmware").await;
        assert_eq!((unchecked.status, version(device).await.as_str()), (200, "0.0.0"));
        let good = push(device, "3.0.0", Some(&digest("firmware")), "firmware").await;
        assert_eq!((good.status, good.json()["status"].as_str()), (200, Some("accepted")));
        assert_eq!(version(device).await, "3.0.0");
        assert_eq!(fleet.version("dev-000002").as_deref(), Some("3.0.0"));
        assert_eq!((version(&devices[0]).await, version(&devices[2]).await), ("0.0.0".into(), "0.0.0".into()));
        push(device, "3.0.0", Some(&digest("firmware")), "firmware").await;
        let tally = fleet.report().devices["dev-000002"];
        assert_eq!((tally.devices, tally.pushes, tally.accepted), (1, 4, 3));
        assert_eq!((tally.digest_ok, tally.digest_bad, tally.cut, tally.pushes_after_success), (2, 1, 0, 1));
    }
}

#[tokio::test]
async fn an_empty_update_is_an_update() {
    let fleet = FleetSim::builder(1).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    assert_eq!(push(&device, "1", Some(&digest("")), "").await.status, 200);
    assert_eq!(version(&device).await, "1");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_cut() {
    let fleet = FleetSim::builder(1).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    let mut client = Client::dial(addr_of(&device.address)).await;
    let head = format!("POST {}/update HTTP/1.1\r\nhost: x\r\nx-update-version: 2\r\n", base(&device));
    client
        .send(format!("{head}repr-digest: {}\r\ncontent-length: 9\r\n\r\nfirm", digest("firmware!")).as_bytes())
        .await;
    drop(client);
    until(|| fleet.report().totals.cut == 1).await;
    assert_eq!(version(&device).await, "0.0.0");
    let totals = fleet.report().totals;
    assert_eq!((totals.pushes, totals.accepted, totals.digest_ok, totals.digest_bad), (1, 0, 0, 0));
}

#[tokio::test]
async fn the_report_has_the_documented_shape() {
    for layout in LAYOUTS {
        let fleet = FleetSim::builder(2).layout(layout).start().await.unwrap();
        let devices = fleet.addresses();
        push(&devices[0], "1", Some(&digest("x")), "x").await;
        let answer = ask(addr_of(fleet.url()), &get("/_sim/report")).await;
        let row = |devices: u64, n: u64| {
            serde_json::json!({
                "devices": devices, "pushes": n, "accepted": n, "digest_ok": n,
                "digest_bad": 0, "cut": 0, "pushes_after_success": 0,
            })
        };
        let expected = serde_json::json!({
            "totals": row(2, 1),
            "devices": { "dev-000001": row(1, 1), "dev-000002": row(1, 0) },
        });
        assert_eq!(answer.json(), expected);
        assert_eq!(serde_json::from_slice::<Report>(&answer.body).unwrap(), fleet.report());
    }
}

#[tokio::test]
async fn nothing_else_is_there() {
    let fleet = FleetSim::builder(1).layout(Layout::Paths).start().await.unwrap();
    let addr = addr_of(fleet.url());
    for path in ["/", "/update", "/d/dev-000002/version", "/d/dev-1/version", "/d/dev-000001/else", "/d/dev-000001"] {
        assert_eq!(ask(addr, &get(path)).await.status, 404, "{path}");
    }
    assert_eq!(ask(addr, &get("/d/dev-000001/update")).await.status, 405);
    assert_eq!(ask(addr, &post("/d/dev-000001/version", &[], "")).await.status, 405);
    let hosts = FleetSim::builder(1).layout(Layout::Hosts).start().await.unwrap();
    assert_eq!(ask(addr_of(hosts.url()), &get("/version")).await.status, 404);
    assert_eq!(ask(addr_of(hosts.url()), &get("/_sim/report")).await.status, 200);
}

#[tokio::test]
async fn what_a_body_is_and_how_it_was_sent_are_both_checked() {
    let fleet = FleetSim::builder(1).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    let (good, bad) = (digest("x"), digest("y"));
    for (repr, content, status) in [(&good, &good, 200), (&good, &bad, 400), (&bad, &good, 400)] {
        let headers = [("x-update-version", "1"), ("repr-digest", &**repr), ("content-digest", &**content)];
        let answer = ask(addr_of(&device.address), &post(&format!("{}/update", base(&device)), &headers, "x")).await;
        assert_eq!(answer.status, status);
    }
    let totals = fleet.report().totals;
    assert_eq!((totals.digest_ok, totals.digest_bad, totals.accepted), (1, 2, 1));
}

#[tokio::test]
async fn a_device_says_what_it_takes() {
    let fleet = FleetSim::builder(1).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    let update = format!("{}/update", base(&device));
    let options = format!("OPTIONS {update} HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = ask(addr_of(&device.address), &options).await;
    assert_eq!((answer.status, answer.header("allow")), (204, Some("OPTIONS, POST")));
    assert_eq!(answer.header("accept-encoding"), None);
    let coded = post(&update, &[("content-encoding", "zstd"), ("repr-digest", &digest("x"))], "x");
    let answer = ask(addr_of(&device.address), &coded).await;
    assert_eq!((answer.status, answer.header("accept-encoding")), (415, Some("identity")));
    assert_eq!(version(&device).await, "0.0.0");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    assert!(FleetSim::builder(0).start().await.is_err());
    assert!(FleetSim::builder(usize::MAX).start().await.is_err());
    let elsewhere = FleetSim::builder(1).layout(Layout::Hosts).bind("192.0.2.1:0".parse().unwrap());
    assert!(elsewhere.start().await.unwrap_err().to_string().contains("127.0.0.0/8"));
    let script = Script::new().whenever(Matcher::new().provider("openai"), Reply::status(500));
    assert!(FleetSim::builder(1).faults(script).start().await.is_err());
    assert!(FleetSim::builder(1).json_version("version").start().await.is_err());
    assert!(FleetSim::builder(1).json_digest("/version").start().await.is_err());
}

/// Where this machine has an address besides loopback. The wildcard listener is reachable there, but nobody is served.
#[tokio::test]
async fn strangers_are_turned_away() {
    let fleet = FleetSim::builder(1).layout(Layout::Hosts).start().await.unwrap();
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    // Connecting a datagram socket sends nothing; it only chooses the local address.
    let Ok(ip) = probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr()).map(|addr| addr.ip()) else { return };
    if ip.is_loopback() || ip.is_unspecified() {
        return;
    }
    let mut client = Client::dial((ip, addr_of(fleet.url()).port()).into()).await;
    assert_eq!(client.end().await, End::Closed);
    assert_eq!(fleet.connections(), 0);
}

#[tokio::test]
async fn faults_are_counted_for_each_device() {
    let script = Script::new().when(Matcher::new().path("/update"), 1, Reply::status(503).header("retry-after", "0"));
    let fleet = FleetSim::builder(3).faults(script).start().await.unwrap();
    for device in fleet.addresses() {
        let first = push(&device, "1", Some(&digest("x")), "x").await;
        assert_eq!((first.status, first.header("retry-after")), (503, Some("0")));
        assert_eq!(version(&device).await, "0.0.0");
        assert_eq!(push(&device, "1", Some(&digest("x")), "x").await.status, 200);
        assert_eq!(version(&device).await, "1");
    }
    let totals = fleet.report().totals;
    assert_eq!((totals.pushes, totals.accepted, totals.pushes_after_success), (6, 3, 0));
}

#[tokio::test]
async fn a_device_can_take_an_update_and_die_before_it_says_so() {
    let script = Script::new().when(Matcher::new().path("/update"), 1, Reply::pass().truncate_after(0));
    let fleet = FleetSim::builder(1).faults(script).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    assert_eq!(push(&device, "1", Some(&digest("x")), "x").await.end, End::Closed);
    assert_eq!(version(&device).await, "1");
    push(&device, "1", Some(&digest("x")), "x").await;
    assert_eq!(fleet.report().totals.pushes_after_success, 1);
}

#[tokio::test]
async fn shares_are_exact_apart_and_the_same_each_time() {
    let script = || {
        Script::new().whenever(Matcher::new().share(0.01), Reply::status(500)).when(
            Matcher::new().share_from(0.01, 0.03),
            1,
            Reply::status(503),
        )
    };
    let mut runs = Vec::new();
    for layout in LAYOUTS {
        let fleet = FleetSim::builder(200).layout(layout).faults(script()).start().await.unwrap();
        let mut struck: [BTreeSet<String>; 2] = Default::default();
        for device in fleet.addresses() {
            match push(&device, "1", None, "x").await.status {
                500 => struck[0].insert(device.id),
                503 => struck[1].insert(device.id),
                _ => continue,
            };
        }
        assert_eq!((struck[0].len(), struck[1].len()), (2, 6));
        runs.push(struck);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn device_patterns_choose_devices() {
    let script = Script::new().whenever(Matcher::new().device("dev-00000*"), Reply::status(500));
    let fleet = FleetSim::builder(11).faults(script).start().await.unwrap();
    let mut failed = 0;
    for device in fleet.addresses() {
        failed += u32::from(push(&device, "1", None, "x").await.status == 500);
    }
    assert_eq!(failed, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_devices_at_once() {
    let fleet = FleetSim::builder(1000).start().await.unwrap();
    let body = "firmware".repeat(128);
    let sum = digest(&body);
    let mut running = JoinSet::new();
    for device in fleet.addresses() {
        if running.len() == 256 {
            assert_eq!(running.join_next().await.unwrap().unwrap(), 200);
        }
        let (body, sum) = (body.clone(), sum.clone());
        running.spawn(async move { push(&device, "1", Some(&sum), &body).await.status });
    }
    while let Some(status) = running.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    let totals = fleet.report().totals;
    assert_eq!((totals.devices, totals.pushes, totals.accepted, totals.digest_ok), (1000, 1000, 1000, 1000));
    assert_eq!((totals.digest_bad, totals.cut, totals.pushes_after_success), (0, 0, 0));
}

#[tokio::test]
async fn a_hundred_thousand_devices_fit() {
    let fleet = FleetSim::builder(100_000).start().await.unwrap();
    let devices = fleet.addresses();
    let last = devices.last().unwrap();
    assert_eq!(last.id, "dev-100000");
    assert_eq!(push(last, "1", Some(&digest("x")), "x").await.status, 200);
    assert_eq!(version(last).await, "1");
    assert_eq!(fleet.report().totals.devices, 100_000);
}
