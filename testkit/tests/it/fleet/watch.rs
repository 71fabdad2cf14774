//! What a fleet tells its watcher.

use std::sync::{Arc, Mutex};

use steadfast_testkit::{FleetEvent, FleetSim};

use super::{base, digest, push, version};
use crate::client::{Client, addr_of, until};

#[tokio::test]
async fn a_watcher_is_told_of_pushes_and_of_questions() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let watcher = move |event: &FleetEvent<'_>| {
        let line = match event {
            FleetEvent::PushBegun { version, .. } => format!("begun {version:?}"),
            FleetEvent::PushEnded { bytes, complete, .. } => format!("ended {bytes} {complete}"),
            FleetEvent::Asked { .. } => "asked".to_owned(),
            other => format!("{other:?}"),
        };
        sink.lock().unwrap().push(format!("{} {line}", event.id()));
    };
    let fleet = FleetSim::builder(2).watch(watcher).start().await.unwrap();
    let devices = fleet.addresses();
    push(&devices[1], "2", Some(&digest("abc")), "abc").await;
    version(&devices[0]).await;
    let mut client = Client::dial(addr_of(&devices[0].address)).await;
    let head = format!("POST {}/update HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nfirm", base(&devices[0]));
    client.send(head.as_bytes()).await;
    drop(client);
    until(|| told.lock().unwrap().len() == 5).await;
    let expected = [
        r#"dev-000002 begun Some("2")"#,
        "dev-000002 ended 3 true",
        "dev-000001 asked",
        "dev-000001 begun None",
        "dev-000001 ended 4 false",
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}
