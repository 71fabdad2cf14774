//! Devices that are not there, come, and go.

use std::io;

use steadfast_testkit::{Devices, FleetSim, Layout, SimDevice};
use tokio::net::TcpStream;

use super::{LAYOUTS, base, digest, push, version};
use crate::client::{Client, End, addr_of, ask, get, post};

async fn dial(device: &SimDevice) -> Result<(), io::ErrorKind> {
    TcpStream::connect(addr_of(&device.address)).await.map(drop).map_err(|error| error.kind())
}

#[tokio::test]
async fn hosts_that_are_offline_refuse_until_they_are_brought_online() {
    let fleet = FleetSim::builder(10).layout(Layout::Hosts).offline(0.3).start().await.unwrap();
    let devices = fleet.addresses();
    let away: Vec<_> = devices.iter().filter(|device| !device.online).collect();
    assert_eq!(away.len(), 3);
    for device in &devices {
        let expected = if device.online { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused) };
        assert_eq!(dial(device).await, expected, "{}", device.id);
    }
    assert_eq!(fleet.bring_online(&*away[1].id).unwrap(), 1);
    assert_eq!(push(away[1], "2", Some(&digest("x")), "x").await.status, 200);
    assert_eq!(version(away[1]).await, "2");
    assert_eq!(dial(away[0]).await, Err(io::ErrorKind::ConnectionRefused));
    assert_eq!(fleet.bring_online(Devices::all()).unwrap(), 2);
    assert_eq!(fleet.bring_online(Devices::all()).unwrap(), 0);
    for device in &devices {
        assert_eq!(version(device).await, if device.id == away[1].id { "2" } else { "0.0.0" });
    }
}

#[tokio::test]
async fn devices_go_offline_and_come_back() {
    let fleet = FleetSim::builder(2).layout(Layout::Hosts).offline("dev-000002").start().await.unwrap();
    let [shared, own] = &fleet.addresses()[..] else { panic!() };
    assert_eq!(fleet.bring_online("dev-000002").unwrap(), 1);
    assert_eq!(fleet.take_offline(Devices::all()), 2);
    assert_eq!(fleet.take_offline(1.0), 0);
    // The listener's task has to notice that it was stopped.
    while dial(own).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(dial(own).await, Err(io::ErrorKind::ConnectionRefused));
    assert_eq!(Client::dial(addr_of(&shared.address)).await.end().await, End::Reset);
    assert_eq!(fleet.bring_online(Devices::all()).unwrap(), 2);
    assert_eq!((version(shared).await, version(own).await), ("0.0.0".into(), "0.0.0".into()));
}

#[tokio::test]
async fn devices_are_brought_online_over_http() {
    for layout in LAYOUTS {
        let fleet = FleetSim::builder(3).layout(layout).offline(1.0).start().await.unwrap();
        let order = async |path: &str| ask(addr_of(fleet.url()), &post(path, &[], "")).await.json()["changed"].as_u64();
        assert_eq!(order("/_sim/online/dev-00000*").await, Some(3));
        assert_eq!(order("/_sim/offline/dev-000002").await, Some(1));
        assert_eq!(order("/_sim/online/*").await, Some(1));
        for device in fleet.addresses() {
            assert_eq!(version(&device).await, "0.0.0");
        }
        assert_eq!(order("/_sim/else").await, None);
        assert_eq!(ask(addr_of(fleet.url()), &get("/_sim/online/*")).await.status, 404);
    }
}

#[tokio::test]
async fn paths_that_are_offline_reset_what_asks_for_them() {
    let fleet = FleetSim::builder(2).layout(Layout::Paths).offline("dev-000001").start().await.unwrap();
    let [away, there] = &fleet.addresses()[..] else { panic!() };
    assert_eq!((away.online, there.online), (false, true));
    let mut client = Client::dial(addr_of(&away.address)).await;
    client.send(get(&format!("{}/version", base(away))).as_bytes()).await;
    assert_eq!(client.end().await, End::Reset);
    assert_eq!(version(there).await, "0.0.0");
    assert_eq!(fleet.bring_online("dev-000001").unwrap(), 1);
    assert_eq!(version(away).await, "0.0.0");
}
