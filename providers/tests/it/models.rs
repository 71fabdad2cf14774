//! Which models there are, and whether a provider can be asked.

use serde_json::json;
use steadfast_providers::{ErrorKind, Provider};
use steadfast_testkit::{LlmSim, Reply as Answer, Script, Server};

use crate::rig::{KEY, VENDORS, Vendor, rig};

#[tokio::test]
async fn simulated_vendors_list_their_models() {
    let sim = LlmSim::builder().require_key(KEY).start().await.unwrap();
    let rig = rig();
    for vendor in VENDORS {
        let client = vendor.builder(&rig.pool, sim.anthropic_url()).build().unwrap();
        let models = client.models().await.unwrap();
        assert!(!models.is_empty() && models.iter().all(|model| !model.id.is_empty()), "{vendor}");
        assert!(client.capabilities().lists_models);
        let health = client.check().await;
        assert!(health.is_good() && health.has_key == Some(true), "{health:?}");
        assert_eq!(health.models, Some(models.len()));
    }
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let page =
        |id: &str, more: bool| Answer::json(200, json!({ "data": [{ "id": id }], "has_more": more, "last_id": id }));
    let script = Script::new().then(page("a", true)).then(page("b", true)).always(page("c", false));
    let (server, rig) = (Server::start(script).await.unwrap(), rig());
    let models = Vendor::Anthropic.client(&rig.pool, server.url()).models().await.unwrap();
    let seen: Vec<String> = server.seen().into_iter().map(|request| request.path).collect();
    assert_eq!(models.iter().map(|model| &*model.id).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(seen, ["/v1/models", "/v1/models?after_id=a", "/v1/models?after_id=b"]);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_the_key_is_not() {
    for vendor in VENDORS {
        let sim = LlmSim::builder().require_key("another").start().await.unwrap();
        let rig = rig();
        let client = vendor.builder(&rig.pool, sim.anthropic_url()).build().unwrap();
        let health = client.check().await;
        assert!(!health.is_good() && !format!("{health:?}").contains(KEY));
        assert_eq!(health.error.unwrap().kind(), ErrorKind::Authentication);
    }
}
