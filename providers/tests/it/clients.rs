//! Putting clients together, and what goes wrong with it.

use steadfast_providers::pool::Pool;
use steadfast_providers::{ApiKey, Client, Error, ErrorKind, Provider};

fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_missing_key_names_its_variable() {
    let pool = Pool::new().unwrap();
    let openai = Client::openai(pool.clone()).model("m");
    refused(openai.build(), ErrorKind::MissingKey, "openai: no key for api.openai.com: set OPENAI_API_KEY");
    let empty = Client::anthropic(pool).model("m").api_key(ApiKey::new(" \n"));
    let text = "anthropic: no key for api.anthropic.com: set ANTHROPIC_API_KEY";
    refused(empty.build(), ErrorKind::MissingKey, text);
    let unset = ApiKey::from_env("STEADFAST_TEST_NO_SUCH_KEY");
    refused(unset, ErrorKind::MissingKey, "no key: set STEADFAST_TEST_NO_SUCH_KEY");
}

#[test]
fn wrong_settings_are_refused() {
    let pool = Pool::new().unwrap();
    let builder = || Client::openai(pool.clone()).model("m").api_key(ApiKey::new("sk-1"));
    let check = |result: Result<Client, Error>, text: &str| refused(result, ErrorKind::Config, text);
    let url = "openai: the base URL is not http or https: give one like https://api.openai.com/v1";
    check(builder().base_url("ftp://host").build(), url);
    let plain = "openai: the key would travel to host in the clear: use https, or allow it with allow_plain_http()";
    check(builder().base_url("http://host/v1").build(), plain);
    check(
        builder().api_key(ApiKey::new("sk\u{7f}1")).build(),
        "openai: the key has characters that no key has: check the key",
    );
    check(builder().model("").build(), "openai: no model: name one");
    let doubled = "anthropic: the base URL ends in /v1, which is added to it: leave it out";
    let anthropic = Client::anthropic(pool.clone()).model("m").base_url("http://localhost/v1");
    refused(anthropic.build(), ErrorKind::Config, doubled);
    assert!(builder().base_url("http://host/v1").allow_plain_http().build().is_ok());
}

#[test]
fn clients_have_a_name_and_a_model() {
    let pool = Pool::new().unwrap();
    let local = Client::openai(pool).base_url("http://localhost:1/v1").name("vllm").model("llama").build().unwrap();
    assert_eq!((local.name(), local.model()), ("vllm", "llama"));
    let shown = format!("{local:?}");
    assert!(shown.contains("http://localhost:1/v1/chat/completions"), "{shown}");
}

#[test]
fn keys_show_themselves_nowhere() {
    let key = ApiKey::new("  sk-canary\n");
    let pool = Pool::new().unwrap();
    let builder = Client::openai(pool).api_key(key.clone()).model("m");
    let shown = format!("{key} {key:?} {builder:?}");
    let client = builder.build().unwrap();
    assert!(!format!("{shown} {client:?}").contains("canary"));
}
