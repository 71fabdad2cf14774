//! Scripts in TOML: what they mean, and how mistakes are told.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use steadfast_testkit::{Matcher, Reply, Script};

fn check(text: &str, expected: Script) {
    assert_eq!(Script::from_toml(text), Ok(expected), "{text}");
}

fn refused(text: &str, line: usize, about: &str) {
    let error = Script::from_toml(text).unwrap_err();
    assert_eq!(error.line, line, "{error}");
    assert!(error.to_string().starts_with(&format!("line {line}: ")), "{error}");
    assert!(error.message.contains(about), "{error}");
    assert!(!error.message.contains('\n'), "{error}");
}

fn step(then: &str) -> String {
    format!("[[step]]\nthen = {{ {then} }}\n")
}

#[test]
fn every_key_means_its_builder() {
    let ms = Duration::from_millis;
    check("", Script::new());
    check(&step("status = 503"), Script::new().always(Reply::status(503)));
    check(&step(""), Script::new().always(Reply::pass()));
    check(&step("close = true"), Script::new().always(Reply::close()));
    check(&step("reset = true, early = true"), Script::new().always(Reply::reset().early()));
    check(&step("never = true, delay_ms = 3"), Script::new().always(Reply::never().delay(ms(3))));
    check(&step("slow_read = 9"), Script::new().always(Reply::pass().slow_read(9)));
    check(
        &step(r#"status = 200, body = "x", truncate_after = 1, delay_ms = 2"#),
        Script::new().always(Reply::status(200).body("x").truncate_after(1).delay(ms(2))),
    );
    check(
        &step(r#"status = 200, chunks = ["a", "b"], chunk_delay_ms = 5, reset_after = 1"#),
        Script::new().always(
            Reply::status(200).chunks(vec![Bytes::from("a"), Bytes::from("b")]).chunk_delay(ms(5)).reset_after(1),
        ),
    );
    check(&step("stall_after = 7"), Script::new().always(Reply::pass().stall_after(7)));
    check(&step("refuse_stream = true"), Script::new().always(Reply::refuse_stream()));
    check(&step("reset_stream = 2, delay_ms = 1"), Script::new().always(Reply::reset_stream(2).delay(ms(1))));
    check(&step("go_away = true"), Script::new().always(Reply::go_away()));
    check(&step("freeze = true"), Script::new().always(Reply::freeze()));
    check(&step(r#"raw = "x", drip_ms = 3"#), Script::new().always(Reply::raw("x").drip(ms(3))));
    check(
        &step(r#"status = 200, endless = "x", hang_up = true, stall_after = 9"#),
        Script::new().always(Reply::status(200).endless("x").hang_up().stall_after(9)),
    );
    check(
        &step(r#"status = 429, json = { error = { code = "slow_down" } }, headers = { retry-after = "1" }"#),
        Script::new().always(Reply::json(429, json!({ "error": { "code": "slow_down" } })).header("retry-after", "1")),
    );
    let text = r#"
        [[step]]
        match = { method = "POST", path = "/v1/*", headers = { x-a = "b*" }, provider = "openai" }
        times = 2
        then = { status = 500 }
        [[step]]
        match = { device = "dev-00*", share = 0.03, share_from = 0.01 }
        then = { status = 503 }
    "#;
    let first = Matcher::new().method("POST").path("/v1/*").header("x-a", "b*").provider("openai");
    let second = Matcher::new().device("dev-00*").share_from(0.01, 0.03);
    check(text, Script::new().when(first, 2, Reply::status(500)).whenever(second, Reply::status(503)));
}

#[test]
fn mistakes_are_told_with_line_and_key() {
    refused("[[step]\n", 1, "");
    refused("[[steps]]\n", 1, "steps");
    refused("[[step]]\ntimes = 1\n", 1, "then");
    refused("[[step]]\nthen = {}\nthem = 1\n", 3, "them");
    refused("# one\n[[step]]\nmatch = { pat = \"/\" }\nthen = {}\n", 3, "pat");
    refused(&step("stats = 3"), 2, "stats");
    refused(&step("status = \"x\""), 2, "");
    refused(&step("status = 42"), 2, "`status`");
    refused(&step("status = 70000"), 2, "");
    refused("[[step]]\nthen = {}\ntimes = 0\n", 3, "`times`");
    refused("[[step]]\nthen = {}\ntimes = -1\n", 3, "");
    refused(&step("close = true, reset = true"), 2, "`close` and `reset`");
    refused(&step("close = true, status = 200"), 2, "`status`");
    refused(&step("never = true, truncate_after = 1"), 2, "`truncate_after`");
    refused(&step("body = \"x\""), 2, "`status`");
    refused(&step("status = 200, body = \"x\", json = 1"), 2, "`json`");
    refused(&step("truncate_after = 1, reset_after = 1"), 2, "`reset_after`");
    refused(&step("early = true"), 2, "`early`");
    refused(&step("freeze = true, go_away = true"), 2, "`go_away` and `freeze`");
    refused(&step("refuse_stream = true, status = 200"), 2, "`status`");
    refused(&step("reset_stream = 2, hang_up = true"), 2, "`hang_up`");
    refused(&step("raw = \"x\", status = 200"), 2, "`status`");
    refused(&step("raw = \"x\", body = \"x\""), 2, "`raw`");
    refused(&step("endless = \"x\""), 2, "`status`");
    refused(&step("status = 200, early = true, slow_read = 1"), 2, "`slow_read`");
    refused(&step("slow_read = 0"), 2, "`slow_read`");
    refused(&step("status = 200, headers = { \"a b\" = \"c\" }"), 2, "`a b`");
    refused(&step("status = 200, headers = { a = \"b\\r\\nc\" }"), 2, "`a`");
    refused("[[step]]\nthen = {}\nmatch = { share = 1.5 }\n", 3, "`share`");
    refused("[[step]]\nthen = {}\nmatch = { share_from = 0.5 }\n", 3, "`share`");
    refused("[[step]]\nthen = {}\nmatch = { provider = \"gemini\" }\n", 3, "`gemini`");
}
