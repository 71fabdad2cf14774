//! Keys where they do not belong: in configurations, in files that are none, in the words of a program.

use std::error::Error as StdError;

use steadfast_providers::{Call, Error, KeySource, Provider};

use super::secrets::{KEY, KEYS};
use crate::rig::{Vendor, rig};

fn check(what: &str, error: &Error) {
    let mut text = format!("{error}{error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("{error}{error:?}"));
        cause = error.source();
    }
    for secret in KEYS {
        assert!(!text.contains(secret), "{what}: {text}");
    }
}

#[cfg(feature = "config")]
#[test]
fn a_key_in_the_wrong_place_of_a_configuration_is_not_quoted() {
    use steadfast_providers::Providers;

    // Names of fields and tables are told: they are what has to be put right.
    let one = "[providers.a]\nvendor = \"openai\"\nmodel = \"m\"\n";
    for wrong in [
        format!("{one}key = \"{KEY}\""),
        format!("{one}key = {{ value = \"{KEY}\" }}"),
        format!("{one}key = {{ file = 1, command = \"{KEY}\" }}"),
        format!("{one}key = [\"{KEY}\"]"),
        format!("{one}api_key = \"{KEY}\""),
        format!("{one}api = \"{KEY}\""),
        format!("{one}max_tokens = \"{KEY}\""),
        format!("{one}key_every = \"{KEY}\""),
        format!("{one}allow_plain_http = \"{KEY}\""),
        format!("{one}retry = \"{KEY}\""),
        format!("{one}limits = {{ longest_wait = \"{KEY}\" }}"),
        format!("{one}timeouts = {{ header = \"{KEY}\" }}"),
        format!("{one}base_url = \"https://{KEY}@api.invalid/v1\""),
        format!("{one}base_url = \"{KEY} {KEY}\""),
        format!("{one}base_url = \"https://api.invalid/v1?key={KEY}\""),
        format!("{one}base_url = \"{KEY}"),
        format!("[providers.a]\nvendor = \"{KEY}\"\nmodel = \"m\""),
        format!("default = \"{KEY}\"\n{one}"),
        format!("{one}[vendors.b]\napi = \"{KEY}\""),
        format!("{one}[vendors.b.auth]\nheader = \"{KEY}\\n\""),
        KEY.to_owned(),
        format!("{one}= {KEY}"),
    ] {
        let pool = rig().pool;
        if let Err(error) = Providers::from_toml(&wrong, &pool) {
            check(&wrong, &error);
        }
        let json = match toml::from_str::<serde_json::Value>(&wrong) {
            Ok(value) => value.to_string(),
            Err(_) => format!("{{\"default\": {KEY}"),
        };
        if let Err(error) = Providers::from_json(&json, &pool) {
            check(&json, &error);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_gives_keys_tells_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        KeySource::file(path)
    };
    let shell = |script: String| KeySource::command(["sh".to_owned(), "-c".to_owned(), script]);
    let bytes = [KEY.as_bytes(), b"\xff\xfe", KEY.as_bytes()].concat();
    for (what, source) in [
        ("two lines", file("lines", format!("{KEY}\nname {KEY}\n").as_bytes())),
        ("no text", file("bytes", &bytes)),
        ("too much of it", file("long", KEY.repeat(10_000).as_bytes())),
        ("a key that is no header", file("control", format!("{KEY}\u{7}{KEY}").as_bytes())),
        ("a program that fails", shell(format!("echo {KEY}; echo {KEY} >&2; exit 3"))),
        ("a program that prints no text", shell(format!("printf '{KEY}\\377\\376'"))),
        ("a program that prints two lines", shell(format!("printf '{KEY}\\n{KEY}'"))),
        ("a program that is not there", KeySource::command(["/nowhere/to/be/found", KEY])),
    ] {
        crate::trace::listen();
        let rig = rig();
        let shown = format!("{source}{source:?}");
        let built = Vendor::OpenAi.builder(&rig.pool, "http://127.0.0.1:1").key_from(source).build();
        let error = match built {
            Ok(client) => {
                let error = client.complete(Call::new("a")).await.unwrap_err();
                check(what, &error);
                let health = client.check().await;
                check(what, &health.error.unwrap());
                error
            }
            Err(error) => error,
        };
        check(what, &error);
        let told = [shown, crate::trace::lines().join("\n"), rig.waits.told.lock().unwrap().concat()].concat();
        assert!(!told.contains("4f1d9c"), "{what}: {told}");
    }
}
