//! A key planted wherever one can travel appears in no error, no `Debug` and no ledger.

use http::{HeaderValue, header};
use steadfast_pool::{HostConfig, Request, TransportErrorKind};

use crate::rig::{Told, failed, rig};

const CANARY: &str = "canary-7f3a";

#[tokio::test]
async fn keys_queries_and_bodies_are_never_told() {
    let transport = Told::new([
        failed(TransportErrorKind::Reset, steadfast_pool::Reached::Written),
        Ok((503, Vec::new(), "body with canary-7f3a")),
        Ok((400, Vec::new(), "body with canary-7f3a")),
    ]);
    let rig = rig(|pool| pool.transport(transport));
    let mut key = HeaderValue::from_static("Bearer canary-7f3a");
    key.set_sensitive(true);
    let config = HostConfig::new().default_header(header::PROXY_AUTHORIZATION, key.clone());
    rig.pool.configure_host("host", config.clone()).unwrap();
    let request = || {
        Request::post("http://host/path?key=canary-7f3a")
            .unwrap()
            .header(header::AUTHORIZATION, key.clone())
            .body("prompt canary-7f3a")
    };
    let mut told = vec![format!("{:?} {config:?} {:?}", request(), rig.pool)];
    let error = rig.pool.execute(request()).await.unwrap_err();
    told.push(format!("{error} {error:?}"));
    let response = rig.pool.execute(request()).await.unwrap();
    told.push(format!("{response:?} {}", serde_json::to_string(response.attempts()).unwrap()));
    let error = response.json::<u32>().unwrap_err();
    told.push(format!("{error} {error:?}"));
    let error = response.error_for_status().unwrap_err();
    told.push(format!("{error} {error:?}"));
    told.append(&mut rig.waits.told.lock().unwrap());
    for text in told {
        assert!(!text.contains(CANARY), "{text}");
    }
}
