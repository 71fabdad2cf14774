//! Keys of requests, case by case: what counts, what does not, and vectors that pin the encoding.

use serde_json::{Value, json};
use steadfast_cache::{CacheKey, Normalise, Part, PromptKey};

fn request() -> PromptKey {
    PromptKey::new("openai", "gpt-5")
}

fn hex(key: CacheKey) -> String {
    key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every two of these differ.
#[track_caller]
fn all_differ<const N: usize>(keys: [PromptKey; N]) {
    let keys = keys.map(|key| key.finish());
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(keys.iter().position(|other| other == key), Some(at), "{at}");
    }
}

/// Computed apart from this crate. A change of the encoding must come with a new version in its domain, and with new
/// vectors: otherwise an upgrade finds old answers under keys that mean something else now.
#[test]
fn the_encoding_is_pinned() {
    let full = PromptKey::normalised(
        &Normalise::none().trim().collapse_whitespace().ignore_fields(["user", "/metadata/a~1b"]),
        "anthropic",
        "claude-x",
    )
    .api_version("2023-06-01")
    .scope("tenant")
    .scope("https://example.org")
    .system(" be\n\n terse ")
    .param("temperature", 0.0)
    .param("user", "ann")
    .param("max_tokens", 1024)
    .param("top_k", -1)
    .param("stop", json!(["a", null, true, false]))
    .json("metadata", &json!({"a/b": 1, "z": 1e300, "c": {}}))
    .tools(&json!([]))
    .response_format(&Value::Null)
    .message("user", "hä?\t\u{a0}x")
    .message_of(
        "assistant",
        [
            Part::bytes("image/png", &[0, 255]),
            Part::url("https://example.org/a.png"),
            Part::tool_call("id", "look", &json!({"b": 1, "a": "s"})),
            Part::json("thinking", &json!("hm")),
        ],
    )
    .message_of("tool", [Part::tool_result("id", " 7 ")]);
    let question = full.clone().message("user", "why?");
    let asked = question.partition().unwrap();
    assert_eq!(hex(request().finish()), "b00af455c25f65eb81eb62bf881c97de2ee810d0a30cad7b8e41da1b60e4cac5");
    assert_eq!(
        hex(request().message("user", "Hello").param("temperature", 0.7).finish()),
        "23903251836ef1d2420635083928b043ab34d0722a054a108479f18b8ff868c3"
    );
    assert_eq!(hex(full.finish()), "6a098377543713cd4a03f58098265629e439ec06559491758912eee17111eccd");
    assert_eq!(hex(question.finish()), "4ed6a95bee6f78b6c6ab73f4c42b43f6ce8f08f4c7ef978693e811f4f31368b3");
    assert_eq!(hex(asked), "b95db839ba7f9774da1da07297777b75a9e71658cdd83695c8970998de7f8f59");
}

#[test]
fn absent_empty_and_null_differ() {
    all_differ([
        request(),
        request().system(""),
        request().scope(""),
        request().api_version(""),
        request().message("", ""),
        request().message_of("", []),
        request().param("", ""),
        request().param("a", ""),
        request().param("a", Value::Null),
        request().param("a", json!([])),
        request().param("a", json!({})),
        request().param("a", json!([null])),
        request().param("a", json!({"": null})),
        request().system("").system(""),
    ]);
}

#[test]
fn kinds_of_values_differ() {
    all_differ(
        [json!(1), json!(1.0), json!("1"), json!([1]), json!(-1), json!(true), json!("true"), json!(0.0), json!(-0.0)]
            .map(|value| request().param("a", value)),
    );
    all_differ(["x", "y"].map(|provider| PromptKey::new(provider, "x")));
    all_differ([PromptKey::new("a", "bc"), PromptKey::new("ab", "c"), PromptKey::new("", "abc")]);
}

#[test]
fn kinds_of_parts_differ() {
    let text = json!("x");
    all_differ(
        [
            Part::text("x"),
            Part::url("x"),
            Part::bytes("", b"x"),
            Part::bytes("x", b""),
            Part::tool_result("", "x"),
            Part::tool_result("x", ""),
            Part::tool_call("", "x", &text),
            Part::tool_call("x", "", &text),
            Part::json("", &text),
            Part::json("x", &text),
        ]
        .map(|part| request().message_of("user", [part])),
    );
}

#[test]
fn where_a_text_stands_matters() {
    all_differ([
        request().system("x"),
        request().scope("x"),
        request().api_version("x"),
        request().message("system", "x"),
        request().message("user", "x"),
        request().message("", "userx"),
        request().param("system", "x"),
    ]);
}

#[test]
fn the_order_of_messages_parts_and_items_counts() {
    all_differ([
        request().message("user", "a").message("user", "b"),
        request().message("user", "b").message("user", "a"),
    ]);
    let [a, b] = [Part::text("a"), Part::text("b")];
    all_differ([[a, b], [b, a]].map(|parts| request().message_of("user", parts)));
    all_differ([request().tools(&json!([1, 2])), request().tools(&json!([2, 1]))]);
    all_differ([request().param("a", 1).param("a", 2), request().param("a", 2).param("a", 1), request().param("a", 2)]);
}

#[test]
fn the_order_of_parameters_and_members_does_not_count() {
    let there =
        request().param("a", 1).param("b", json!({"c": 1, "d": [{"e": 1, "f": 2}]})).system("s").message("user", "m");
    let back =
        request().message("user", "m").param("b", json!({"d": [{"f": 2, "e": 1}], "c": 1})).system("s").param("a", 1);
    assert_eq!(there.finish(), back.finish());
}

#[test]
fn a_message_of_one_text_is_a_text() {
    let parts = request().message_of("user", [Part::text("x")]);
    assert_eq!(parts.finish(), request().message("user", "x").finish());
}

#[test]
fn texts_are_normalised_only_when_asked() {
    let ask = |normalise: &Normalise, text| PromptKey::normalised(normalise, "p", "m").message("user", text).finish();
    let check = |normalise: Normalise, a, b, same| {
        assert_eq!(ask(&normalise, a) == ask(&normalise, b), same, "{normalise:?}: {a:?} and {b:?}");
    };
    check(Normalise::none(), "a b", "a  b", false);
    check(Normalise::none(), "a", "a ", false);
    check(Normalise::none().trim(), "a", "\n\u{2003}a ", true);
    check(Normalise::none().trim(), "a b", "a  b", false);
    check(Normalise::none().collapse_whitespace(), "a b", "a\r\n\tb", true);
    check(Normalise::none().collapse_whitespace(), "a b", "ab", false);
    check(Normalise::none().collapse_whitespace(), "a", "a ", false);
    check(Normalise::none().collapse_whitespace().trim(), "a b", "  a   b\n", true);
    check(Normalise::none().collapse_whitespace().trim(), "\u{e9}", "e\u{301}", false);
}

#[test]
fn tool_results_and_json_are_never_normalised() {
    let loose = Normalise::none().collapse_whitespace().trim();
    let key = || PromptKey::normalised(&loose, "p", "m");
    all_differ([" x", "x"].map(|text| key().param("a", text)));
    all_differ([" x", "x"].map(|text| key().message_of("tool", [Part::tool_result("", text)])));
}

#[test]
fn ignored_fields_do_not_count() {
    let normalise = Normalise::none().ignore_fields(["user", "/metadata/id", "/list/1", "/a~1b", "/c~0d/x"]);
    let key = || PromptKey::normalised(&normalise, "p", "m");
    let with = |name: &str, value: Value| key().json(name, &value).finish();
    assert_eq!(with("user", json!("ann")), key().finish());
    assert_eq!(with("a/b", json!(1)), key().finish());
    assert_eq!(with("metadata", json!({"id": 1, "b": 2})), with("metadata", json!({"b": 2})));
    assert_eq!(with("list", json!([1, 2, 3])), with("list", json!([1, 7, 3])));
    assert_eq!(with("c~d", json!({"x": 1})), with("c~d", json!({})));
    assert_ne!(with("metadata", json!({})), key().finish());
    // Only where it was told: a tool may have a parameter of that name.
    all_differ([key().json("b", &json!({"user": 1})), key().json("b", &json!({"user": 2}))]);
    all_differ([key().json("metadata", &json!([{"id": 1}])), key().json("metadata", &json!([{"id": 2}]))]);
    all_differ([key().message("user", "x"), key().message("user", "y")]);
}

#[test]
fn keys_that_were_normalised_differently_never_meet() {
    let none = Normalise::none;
    all_differ(
        [
            none(),
            none().trim(),
            none().collapse_whitespace(),
            none().trim().collapse_whitespace(),
            none().ignore_fields(["a"]),
            none().ignore_fields(["b"]),
            none().ignore_fields(["a", "b"]),
            none().ignore_fields(["/a/b"]),
            none().ignore_fields([""]),
        ]
        .map(|normalise| PromptKey::normalised(&normalise, "p", "m").message("user", "x")),
    );
    assert_eq!(none().ignore_fields(["a", "b"]), none().ignore_fields(["/b"]).ignore_fields(["a", "a"]));
}

#[test]
fn a_partition_is_everything_but_the_question() {
    let dialogue = request().system("s").message("user", "a").message("assistant", "b");
    let ask = |text| dialogue.clone().message("user", text).param("temperature", 0.0);
    let partition = ask("x").partition();
    assert!(partition.is_some());
    assert_eq!(partition, ask("y").partition());
    assert_ne!(partition, ask("x").param("top_p", 0.5).partition());
    assert_ne!(partition, ask("x").scope("tenant").partition());
    assert_ne!(partition, Some(ask("x").finish()));
    assert_ne!(partition, Some(dialogue.clone().param("temperature", 0.0).finish()));
    assert_eq!(dialogue.partition(), None);
    assert_eq!(request().partition(), None);
    assert_eq!(request().message_of("user", [Part::url("x")]).partition(), None);
    assert_eq!(request().message_of("user", [Part::text("x"), Part::text("y")]).partition(), None);
    assert_eq!(request().message("user", "x").message("tool", "y").partition(), None);
}

#[test]
fn debug_shows_no_texts() {
    let secret = json!("secret");
    let key = request().scope("secret").system("secret").message("user", "secret").param("a", "secret");
    let parts = [
        Part::text("secret"),
        Part::bytes("image/png", b"secret"),
        Part::url("secret"),
        Part::tool_call("secret", "secret", &secret),
        Part::tool_result("secret", "secret"),
        Part::json("secret", &secret),
    ];
    let shown = format!("{key:?} {parts:?}");
    assert!(!shown.contains("secret") && shown.contains("fields: 7"), "{shown}");
}
