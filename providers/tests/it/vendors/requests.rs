//! Where requests go, and what they carry.

use steadfast_providers::Call;
use steadfast_testkit::LlmSim;

use super::{MODES, client, every, path};
use crate::rig::{KEY, Mode, ask, rig};

#[tokio::test]
async fn requests_go_to_the_vendors_path_with_its_key_and_headers() {
    for vendor in every() {
        for mode in MODES {
            let sim = LlmSim::builder().require_key(KEY).start().await.unwrap();
            let rig = rig();
            ask(&client(&rig, &vendor, sim.anthropic_url()), mode, Call::new("Hello.")).await.unwrap();
            let seen = sim.seen().remove(0);
            assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", path(&vendor).as_str()), "{}", vendor.name);
            let key = format!("{}{KEY}", vendor.auth.prefix);
            assert_eq!(seen.headers.get(&vendor.auth.header), Some(key.as_str()), "{}", vendor.name);
            let keys = seen.headers.iter().filter(|(_, value)| value.contains(KEY)).count();
            assert_eq!(keys, 1, "{}: the key is told once", vendor.name);
            for (name, value) in &vendor.headers {
                assert_eq!(seen.headers.get(name), Some(value.as_str()), "{}", vendor.name);
            }
            let body = seen.json().unwrap();
            assert_eq!(body["model"], "m-1");
            assert_eq!(body.get("stream").is_some_and(|stream| stream == true), mode == Mode::Stream);
            assert!(!seen.text().contains(KEY));
        }
    }
}

#[test]
fn tables_are_whole() {
    let mut names = Vec::new();
    for vendor in every() {
        let url = url::Url::parse(&vendor.base_url).unwrap();
        assert!(!vendor.base_url.ends_with('/') && url.query().is_none(), "{}", vendor.base_url);
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        assert!(vendor.key_variable.chars().all(fits), "{}", vendor.key_variable);
        let lower = |name: &str| !name.is_empty() && name == name.to_lowercase();
        assert!(lower(&vendor.auth.header) && lower(&vendor.request_id) && lower(&vendor.name), "{}", vendor.name);
        assert!(vendor.headers.keys().all(|name| lower(name)));
        let again: steadfast_providers::Vendor =
            serde_json::from_value(serde_json::to_value(&vendor).unwrap()).unwrap();
        assert_eq!(again, vendor);
        names.push((vendor.name, vendor.api));
    }
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}
