//! Conversations that go on: what fits, and what is kept for later.

use serde_json::{Value, json};
use steadfast_providers::{
    Api, CacheTtl, ErrorKind, Finish, Fitting, History, Image, Message, Other, Part, Reasoning, Reply, Role, ToolCall,
    ToolResult,
};

/// Each message takes one token.
fn one_each(messages: impl IntoIterator<Item = Message>) -> History {
    History::of(messages).estimator(|_: &Message| 1)
}

fn call(id: &str) -> Message {
    Message::of(Role::Assistant, [ToolCall::new(id, "f", "{}").into()])
}

fn result(id: &str) -> Message {
    Message::tools([ToolResult::new(id, "r")])
}

/// What stays, in short: texts, ids of calls, ids of results in brackets.
fn short(fitting: &Fitting) -> String {
    let parts = fitting.messages.iter().flat_map(|message| &message.parts);
    let short = parts.map(|part| match part {
        Part::ToolCall(call) => call.id.clone(),
        Part::ToolResult(result) => format!("({})", result.call_id),
        part => part.as_text().unwrap_or_default().to_owned(),
    });
    short.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_oldest_turns_go_first_and_whole() {
    let messages = || {
        [
            Message::system("S"),
            Message::assistant("hello"),
            Message::user("q1"),
            Message::assistant("a1"),
            Message::user("q2"),
            call("c"),
            result("c"),
            Message::assistant("a2"),
            Message::developer("D"),
            Message::user("q3"),
        ]
    };
    for (budget, left) in [
        (u64::MAX, "S hello q1 a1 q2 c (c) a2 D q3"),
        (10, "S hello q1 a1 q2 c (c) a2 D q3"),
        (9, "S q1 a1 q2 c (c) a2 D q3"),
        (8, "S q2 c (c) a2 D q3"),
        (7, "S q2 c (c) a2 D q3"),
        (6, "S D q3"),
        (3, "S D q3"),
        (0, "S D q3"),
    ] {
        let mut history = one_each(messages()).budget(budget);
        let fitting = history.fitting();
        assert_eq!(short(&fitting), left, "{budget}");
        assert_eq!(fitting.dropped, 10 - fitting.messages.len());
        assert_eq!((fitting.tokens, fitting.fits), (fitting.messages.len() as u64, fitting.tokens <= budget));
        assert_eq!(history.call().messages(), fitting.messages);
        assert_eq!((history.len(), history.trim(), history.len()), (10, fitting.dropped, fitting.messages.len()));
        assert_eq!(history.trim(), 0, "what fits stays");
    }
}

#[test]
fn a_long_last_turn_loses_its_oldest_steps() {
    let steps = ["a", "b", "c"].into_iter().flat_map(|id| [call(id), result(id)]);
    let messages: Vec<_> = [Message::system("S"), Message::user("q")].into_iter().chain(steps).collect();
    for (budget, left) in [(8, "S q a (a) b (b) c (c)"), (7, "S q b (b) c (c)"), (5, "S q c (c)"), (1, "S q c (c)")] {
        assert_eq!(short(&one_each(messages.clone()).budget(budget).fitting()), left, "{budget}");
    }
}

#[test]
fn calls_and_results_stay_together_however_they_are_spread() {
    let both = Message::of(Role::Assistant, [ToolCall::new("a", "f", "").into(), ToolCall::new("b", "f", "").into()]);
    let as_user = Message::of(Role::User, [ToolResult::new("b", "r").into()]);
    let messages = [Message::user("q1"), both, result("a"), Message::user("q2"), as_user, Message::assistant("x")];
    // Left out with the turn in which they began.
    assert_eq!(short(&one_each(messages.clone()).budget(5).fitting()), "q2 x");
    // Or kept, with the newest message.
    assert_eq!(short(&one_each(messages[..5].to_vec()).budget(1).fitting()), "a b (a) q2 (b)");
    // The same id again is another call.
    let again = [Message::user("q1"), call("a"), result("a"), Message::user("q2"), call("a"), result("a")];
    assert_eq!(short(&one_each(again).budget(5).fitting()), "q2 a (a)");
}

#[test]
fn histories_grow_by_messages_and_replies() {
    let mut history = History::new();
    assert!(history.is_empty());
    history.push(Message::user("q"));
    let reply = Reply::new("p", "m", "secret", Finish::Stop);
    history.push(&reply);
    history.push(reply);
    assert_eq!((history.len(), history.pop().unwrap().role), (3, Role::Assistant));
    assert!(!format!("{history:?} {:?}", history.fitting()).contains("secret"));
    assert_eq!(history.tokens(), 5 + 6);
    history.clear();
    assert_eq!((history.fitting().messages.len(), history.tokens()), (0, 0));
}

/// The form in which chats are saved does not change: programs have written it.
#[test]
fn saved_chats_have_a_form_that_stays() {
    let thought = {
        let mut thought = Reasoning::new("hm");
        thought.signature = Some("sig".into());
        thought
    };
    let history = History::of([
        Message::system("s"),
        Message::user("q").part(Image::url("u").detail("low")).part(Image::bytes("image/png", [1])),
        Message::of(Role::Assistant, [thought.into(), ToolCall::new("c", "f", "{").into(), Part::Refusal("no".into())]),
        Message::tools([ToolResult::new("c", "r").failed()]),
        Message::developer("d")
            .part(Part::CachePoint(CacheTtl::Long))
            .part(Other::new(Api::Messages, json!({ "a": 1 }))),
    ]);
    let saved = json!({ "version": 1, "messages": [
        { "role": "system", "parts": [{ "text": "s" }] },
        { "role": "user", "parts": [
            { "text": "q" },
            { "image": { "source": { "url": "u" }, "detail": "low" } },
            { "image": { "source": { "base64": { "media_type": "image/png", "data": "AQ==" } } } },
        ] },
        { "role": "assistant", "parts": [
            { "reasoning": { "text": "hm", "signature": "sig" } },
            { "tool_call": { "id": "c", "name": "f", "arguments": "{" } },
            { "refusal": "no" },
        ] },
        { "role": "tool", "parts": [
            { "tool_result": { "call_id": "c", "parts": [{ "text": "r" }], "is_error": true } },
        ] },
        { "role": "developer", "parts": [
            { "text": "d" }, { "cache_point": "long" }, { "other": { "api": "messages", "value": { "a": 1 } } },
        ] },
    ] });
    assert_eq!(serde_json::from_str::<Value>(&history.save().unwrap()).unwrap(), saved);
    assert_eq!(History::load(&saved.to_string()).unwrap().messages(), history.messages());
    let within = json!({ "title": "x", "chat": saved });
    let chat: History = serde_json::from_value(within["chat"].clone()).unwrap();
    assert_eq!(chat.messages(), history.messages());
}

#[test]
fn what_is_no_saved_chat_is_refused_without_quoting_it() {
    let newer = r#"{"version":2,"turns":[{"secret":1}]}"#;
    let error = History::load(newer).unwrap_err();
    let expected = "the chat was saved in version 2, and only version 1 is known: update the program that reads it";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unsupported, expected));
    for saved in [
        "",
        "[]",
        "{}",
        r#"{"messages":[]}"#,
        r#"{"version":"secret","messages":[]}"#,
        r#"{"version":1}"#,
        r#"{"version":1,"messages":[{"role":"user","parts":[{"secret":"secret"}]}]}"#,
        r#"{"version":1,"messages":"secret"}"#,
    ] {
        let error = History::load(saved).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{saved}");
        assert!(error.to_string().starts_with("this is no saved chat (line ") && !error.to_string().contains("secret"));
    }
    for saved in [newer, r#"{"version":2,"messages":[]}"#, r#"{"version":1,"messages":"secret"}"#] {
        let error = serde_json::from_str::<History>(saved).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let more = r#"{"version":1,"title":"bees","messages":[{"role":"user","parts":[{"text":"q"}],"at":7}]}"#;
    assert_eq!(History::load(more).unwrap().messages(), [Message::user("q")]);
}
