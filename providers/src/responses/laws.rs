//! The laws of answers in pieces, and of conversations that are given back.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use steadfast_pool::{SseDecoder, SseEvent};

#[expect(dead_code, reason = "the tests over sockets use the rest")]
#[path = "../../tests/it/responses/wire.rs"]
mod wire;

use super::{answer, decode, input};
use crate::assemble::Assembler;
use crate::family::{Decode, Origin, Progress};
use crate::{Event, Message, Part, Role, Vendor};

fn decoder() -> Box<dyn Decode> {
    let origin = Origin { provider: Arc::from("openai"), model: Arc::from("m") };
    decode::decoder(origin, &Vendor::openai_responses())
}

fn sse(event: &Value) -> SseEvent {
    let mut events = SseDecoder::new();
    events.push(format!("data: {event}\n\n").as_bytes()).unwrap();
    events.next().unwrap()
}

fn feed(decoder: &mut dyn Decode, events: &[Value], out: &mut VecDeque<Event>) -> bool {
    for event in events {
        if decoder.take(&sse(event), out).unwrap() == Progress::Done {
            return decoder.close(out);
        }
    }
    false
}

fn read(events: &[Value]) -> Vec<Event> {
    let mut out = VecDeque::new();
    assert!(feed(&mut *decoder(), events, &mut out));
    out.into()
}

fn message(events: &[Event]) -> Message {
    let mut message = Assembler::default();
    events.iter().for_each(|event| message.note(event));
    message.finish()
}

fn item() -> impl Strategy<Value = Value> {
    let text = "[a-zäß🐝\"\\\\ ]{0,12}";
    prop_oneof![
        prop::collection::vec(text, 0..3)
            .prop_map(|texts| wire::text("", &texts.iter().map(String::as_str).collect::<Vec<_>>())),
        text.prop_map(|text| wire::refusal("", &text)),
        ("[a-z]{1,5}", text).prop_map(|(name, arguments)| wire::call("", "", &name, &arguments)),
        (prop::collection::vec(text, 0..3), prop::option::of("[a-z]{1,9}")).prop_map(|(texts, opaque)| {
            wire::thought("", &texts.iter().map(String::as_str).collect::<Vec<_>>(), opaque.as_deref())
        }),
        Just(wire::search("")),
    ]
}

/// Answers, whose items have names of their own.
fn answers() -> impl Strategy<Value = Value> {
    prop::collection::vec(item(), 0..6).prop_map(|mut items| {
        for (at, item) in items.iter_mut().enumerate() {
            item["id"] = json!(format!("item_{at}"));
            if item["type"] == "function_call" {
                item["call_id"] = json!(format!("call_{at}"));
            }
        }
        wire::whole(&items)
    })
}

/// Whether the answer is the same without it: pieces and ends are needed, the end of an item for its place among the others.
fn can_be_lost(event: &Value) -> bool {
    let class = event["type"].as_str().unwrap_or_default();
    !class.ends_with(".delta") && !matches!(class, "response.output_item.done" | "response.completed")
}

proptest! {
    /// A stream comes to what the whole answer says, whatever is lost of it but pieces and ends, and whatever comes
    /// twice.
    #[test]
    fn pieces_are_the_whole(whole in answers(), fates in prop::collection::vec(0u8..8, 64)) {
        let told = answer::decode(whole.to_string().as_bytes(), &Vendor::openai_responses()).unwrap();
        let mut sent = Vec::new();
        for (at, event) in wire::events(&whole).into_iter().enumerate() {
            match fates[at % fates.len()] {
                0 if at > 1 && can_be_lost(&event) => {}
                1 if at > 1 => sent.extend([event.clone(), event]),
                _ => sent.push(event),
            }
        }
        let events = read(&sent);
        prop_assert_eq!(&message(&events).parts, &told.parts);
        prop_assert_eq!(events.last(), Some(&Event::Finish(told.finish)));
        let usage = events.iter().find_map(|event| match event {
            Event::Usage(usage) => Some(*usage),
            _ => None,
        });
        prop_assert_eq!(usage, told.usage);
    }

    /// A stream that is cut anywhere and taken up again, too early or not, tells the same events as one that is not.
    #[test]
    fn cuts_do_not_show(whole in answers(), cut: prop::sample::Index, overlap in 0usize..9) {
        let all = wire::events(&whole);
        let cut = 1 + cut.index(all.len() - 1);
        let (mut decoder, mut out) = (decoder(), VecDeque::new());
        prop_assert!(!feed(&mut *decoder, &all[..cut], &mut out));
        let bookmark = decoder.bookmark().unwrap();
        prop_assert_eq!((bookmark.id.as_str(), bookmark.after), ("resp_1", Some(cut as u64 - 1)));
        decoder.rejoin();
        prop_assert!(feed(&mut *decoder, &all[cut.saturating_sub(overlap)..], &mut out));
        prop_assert_eq!(Vec::from(out), read(&all));
    }

    /// What an answer says goes back as it came: thoughts, calls and items of other kinds one by one, texts as texts.
    #[test]
    fn answers_go_back_as_they_came(whole in answers()) {
        let told = answer::decode(whole.to_string().as_bytes(), &Vendor::openai_responses()).unwrap();
        let said = Message::of(Role::Assistant, told.parts).part(Part::from("."));
        let sent = serde_json::to_value(input::items(std::slice::from_ref(&said), true).unwrap()).unwrap();
        let of = |items: &Value, class: &str, fields: &[&str]| -> Vec<Vec<Value>> {
            let items = items.as_array().unwrap().iter().filter(|item| item["type"] == class);
            items.map(|item| fields.iter().map(|field| item[*field].clone()).collect()).collect()
        };
        for (class, fields) in [
            ("function_call", &["call_id", "name", "arguments"][..]),
            ("reasoning", &["id", "encrypted_content"]),
            ("web_search_call", &["id", "status", "action"]),
        ] {
            prop_assert_eq!(of(&sent, class, fields), of(&whole["output"], class, fields));
        }
        prop_assert!(said.text().ends_with('.'));
    }

    /// Nothing that a server sends makes it panic, and nothing but a terminal event makes it complete.
    #[test]
    fn any_event_is_survived(
        whole in answers(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..6), 0..6),
    ) {
        let mut all = wire::events(&whole);
        for (event, field, value) in &changes {
            let at = event.index(all.len());
            let fields = all[at].as_object_mut().unwrap();
            let name = fields.keys().nth(field.index(fields.len())).unwrap().clone();
            let odd = [json!(null), json!(-1), json!("x"), json!([{}]), json!({ "type": 7, "text": [] }), json!(1e300)];
            fields.insert(name, odd[usize::from(*value)].clone());
        }
        all.pop();
        let (mut decoder, mut out) = (decoder(), VecDeque::new());
        for event in &all {
            match decoder.take(&sse(event), &mut out) {
                Ok(Progress::More) => {}
                Ok(Progress::Done) => prop_assert!(false, "complete"),
                Err(_) => break,
            }
        }
        prop_assert!(!decoder.close(&mut out));
    }
}
