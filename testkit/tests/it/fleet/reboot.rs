//! Devices that boot what they took, for a while, and some in vain.

use std::time::Duration;

use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{FleetBuilder, FleetSim, Layout, Reply};

use super::{LAYOUTS, base, digest, push, version};
use crate::client::{Client, End, addr_of, get};

const BOOT: Duration = Duration::from_secs(90);

fn fleet(clock: &ManualClock, devices: usize) -> FleetBuilder {
    FleetSim::builder(devices).version("1").reboot(BOOT).timer(shared(clock.clone()))
}

#[tokio::test]
async fn a_device_that_boots_is_away_and_comes_back_with_the_new_version() {
    for layout in LAYOUTS {
        let clock = ManualClock::new();
        let fleet = fleet(&clock, 2).layout(layout).start().await.unwrap();
        let devices = fleet.addresses();
        let mut kept = Client::dial(addr_of(&devices[0].address)).await;
        kept.send(get(&format!("{}/version", base(&devices[0]))).as_bytes()).await;
        assert_eq!(kept.answer().await.unwrap().text(), "1");
        let accepted = push(&devices[0], "2", Some(&digest("x")), "x").await;
        assert_eq!((accepted.status, accepted.json()["version"].as_str()), (200, Some("1")));
        for later in [Duration::ZERO, BOOT.saturating_sub(Duration::from_nanos(1))] {
            clock.advance(later);
            let mut client = Client::dial(addr_of(&devices[0].address)).await;
            if layout == Layout::Paths {
                client.send(get(&format!("{}/version", base(&devices[0]))).as_bytes()).await;
            }
            assert_eq!(client.end().await, End::Reset);
            assert_eq!(version(&devices[1]).await, "1");
        }
        // A connection from before goes down, too.
        kept.send(get(&format!("{}/version", base(&devices[0]))).as_bytes()).await;
        assert_eq!(kept.end().await, End::Reset);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(version(&devices[0]).await, "2");
        assert_eq!(fleet.version("dev-000001").as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn what_is_no_update_boots_nothing() {
    let clock = ManualClock::new();
    let fleet = fleet(&clock, 1).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    assert_eq!(push(&device, "2", None, "x").await.status, 200);
    assert_eq!(push(&device, "2", Some(&digest("y")), "x").await.status, 400);
    assert_eq!(version(&device).await, "1");
}

#[tokio::test]
async fn a_device_may_say_that_it_boots() {
    let clock = ManualClock::new();
    let busy = Reply::status(503).header("retry-after", "5");
    let fleet = fleet(&clock, 1).rebooting(busy).start().await.unwrap();
    let device = fleet.addresses().remove(0);
    push(&device, "2", Some(&digest("x")), "x").await;
    let again = push(&device, "2", Some(&digest("x")), "x").await;
    assert_eq!((again.status, again.header("retry-after")), (503, Some("5")));
    clock.advance(BOOT);
    assert_eq!(version(&device).await, "2");
    let totals = fleet.report().totals;
    assert_eq!((totals.pushes, totals.accepted, totals.pushes_after_success), (2, 1, 1));
}

#[tokio::test]
async fn bad_firmware_boots_what_was_there_before() {
    let clock = ManualClock::new();
    let fleet = fleet(&clock, 3).bad("dev-000001").bad_version("dev-00000*", "3").start().await.unwrap();
    for (round, expected) in [("2", ["1", "2", "2"]), ("3", ["1", "2", "2"]), ("4", ["1", "4", "4"])] {
        for (device, expected) in fleet.addresses().iter().zip(expected) {
            assert_eq!(push(device, round, Some(&digest(round)), round).await.status, 200);
            clock.advance(BOOT);
            assert_eq!(version(device).await, expected, "{} after {round}", device.id);
        }
    }
    let totals = fleet.report().totals;
    assert_eq!((totals.accepted, totals.digest_ok), (9, 9));
}

#[tokio::test]
async fn without_a_reboot_the_new_version_is_there_at_once() {
    let fleet = FleetSim::builder(2).bad("dev-000002").start().await.unwrap();
    for (device, expected) in fleet.addresses().iter().zip(["2", "0.0.0"]) {
        let accepted = push(device, "2", Some(&digest("x")), "x").await;
        assert_eq!((accepted.json()["version"].as_str(), version(device).await.as_str()), (Some(expected), expected));
    }
}
