//! The laws of answers in pieces.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::family::Ask;
use crate::{Call, Message, Reasoning, Role};

/// A message as a model may write it.
#[derive(Clone, Debug)]
struct Said {
    thought: String,
    text: String,
    refusal: String,
    calls: Vec<(String, String, String)>,
    fingerprint: Option<String>,
    annotations: Vec<u8>,
    usage: Option<(u16, u16)>,
}

/// How a server writes it.
#[derive(Clone, Debug)]
struct Habits {
    /// How long the pieces are.
    piece: usize,
    has_index: bool,
    repeats_id: bool,
    repeats_name: bool,
    has_role: bool,
    /// Calls are written side by side; then they need an index.
    side_by_side: bool,
    usage_everywhere: bool,
}

fn said() -> impl Strategy<Value = Said> {
    let call = ("[a-z]{1,3}", "[ -~äß🐝]{0,6}").prop_map(|(name, text)| (name, json!({ "x": text }).to_string()));
    let calls = vec(call, 0..3).prop_map(|calls| {
        let numbered = calls.into_iter().enumerate();
        numbered.map(|(i, (name, arguments))| (format!("id-{i}"), name, arguments)).collect()
    });
    let texts = ("[ -~ä🐝]{0,4}", "\\PC{0,8}", "[ -~ä🐝]{0,3}");
    let more = (option::of("[a-z]{1,4}"), vec(any::<u8>(), 0..4), option::of((1u16.., any::<u16>())));
    (texts, calls, more).prop_map(|((thought, text, refusal), calls, (fingerprint, annotations, usage))| Said {
        thought,
        text,
        refusal,
        calls,
        fingerprint,
        annotations,
        usage,
    })
}

fn habits() -> impl Strategy<Value = Habits> {
    (1usize..6, any::<[bool; 6]>()).prop_map(|(piece, [index, id, name, role, side, usage])| Habits {
        piece,
        has_index: index || side,
        repeats_id: id,
        repeats_name: name,
        has_role: role,
        side_by_side: side,
        usage_everywhere: usage,
    })
}

fn pieces(text: &str, len: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(len).map(|piece| piece.iter().collect()).collect()
}

impl Said {
    fn usage(&self) -> Value {
        self.usage.map_or(Value::Null, |(input, output)| json!({ "prompt_tokens": input, "completion_tokens": output }))
    }

    fn whole(&self) -> Value {
        let calls = self.calls.iter().map(|(id, name, arguments)| {
            json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
        });
        let message = json!({ "role": "assistant", "content": self.text, "refusal": self.refusal,
                              "reasoning_content": self.thought, "tool_calls": calls.collect::<Vec<_>>(),
                              "annotations": self.annotations });
        json!({ "id": "c", "model": "m", "system_fingerprint": self.fingerprint, "usage": self.usage(),
                "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] })
    }

    fn chunks(&self, habits: &Habits) -> Vec<Value> {
        let mut deltas = vec![if habits.has_role { json!({ "role": "assistant", "content": "" }) } else { json!({}) }];
        for (field, text) in [("reasoning", &self.thought), ("content", &self.text), ("refusal", &self.refusal)] {
            deltas.extend(pieces(text, habits.piece).into_iter().map(|piece| json!({ field: piece })));
        }
        let mut lists: Vec<Vec<Value>> = self.calls.iter().enumerate().map(|(i, call)| habits.call(i, call)).collect();
        if habits.side_by_side {
            // They begin in order, and go on in turns.
            deltas.extend(lists.iter_mut().map(|list| json!({ "tool_calls": [list.remove(0)] })));
            while lists.iter().any(|list| !list.is_empty()) {
                let turn = lists.iter_mut().filter(|list| !list.is_empty()).map(|list| list.remove(0));
                deltas.push(json!({ "tool_calls": turn.collect::<Vec<_>>() }));
            }
        } else {
            deltas.extend(lists.into_iter().flatten().map(|piece| json!({ "tool_calls": [piece] })));
        }
        deltas.extend(self.annotations.iter().map(|annotation| json!({ "annotations": [annotation] })));
        let usage = || if habits.usage_everywhere { self.usage() } else { Value::Null };
        let around = |choices: Value, usage: Value| {
            json!({ "id": "c", "model": "m", "object": "chat.completion.chunk", "system_fingerprint": self.fingerprint,
                    "choices": choices, "usage": usage })
        };
        let mut chunks: Vec<Value> =
            deltas.into_iter().map(|delta| around(json!([{ "index": 0, "delta": delta }]), usage())).collect();
        chunks.push(around(json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]), usage()));
        chunks.push(around(json!([]), self.usage()));
        chunks
    }
}

impl Habits {
    fn call(&self, index: usize, (id, name, arguments): &(String, String, String)) -> Vec<Value> {
        let named = |is_first: bool, piece: String| {
            let mut call = json!({ "function": { "arguments": piece } });
            if self.has_index {
                call["index"] = json!(index);
            }
            if is_first || self.repeats_id {
                call["id"] = json!(id);
            }
            if is_first || self.repeats_name {
                call["function"]["name"] = json!(name);
            }
            call
        };
        let first = std::iter::once(named(true, String::new()));
        first.chain(pieces(arguments, self.piece).into_iter().map(|piece| named(false, piece))).collect()
    }
}

proptest! {
    /// However a server cuts an answer into pieces, and whatever it leaves out of them, the stream comes to the answer.
    #[test]
    fn a_stream_comes_to_the_whole_answer(said in said(), habits in habits()) {
        let plain = whole(&said.whole()).unwrap();
        let collected = streamed(&said.chunks(&habits)).unwrap();
        prop_assert_eq!(&collected, &plain);
        let mut expected = Vec::new();
        expected.extend(Some(Part::from(Reasoning::new(&*said.thought))).filter(|_| !said.thought.is_empty()));
        expected.extend(Some(Part::from(&*said.text)).filter(|_| !said.text.is_empty()));
        expected.extend(Some(Part::Refusal(said.refusal.clone())).filter(|_| !said.refusal.is_empty()));
        expected.extend(said.calls.iter().map(|(id, name, arguments)| call(id, name, arguments)));
        prop_assert_eq!(plain.parts, expected);
    }

    /// What the model answered goes back as it came, as the next message of the conversation; only its thoughts stay here.
    #[test]
    fn an_answer_goes_back_unchanged(said in said(), habits in habits()) {
        let message = Message::of(Role::Assistant, streamed(&said.chunks(&habits)).unwrap().parts);
        let call = Call::new("q").message(message);
        let (model, vendor) = ("m", Vendor::openai());
        let ask = Ask { call: &call, model, max_tokens: 1, stream: false, provider: "openai", vendor: &vendor };
        let request: Value = serde_json::from_slice(&super::super::request::encode(&ask).unwrap()).unwrap();
        let answer = said.whole();
        let was = &answer["choices"][0]["message"];
        let mut expected = json!({ "role": "assistant", "content": was["content"] });
        for field in ["refusal", "tool_calls"] {
            let is_empty = was[field] == json!("") || was[field] == json!([]);
            if !is_empty {
                expected[field] = was[field].clone();
            }
        }
        if was["content"] == "" && expected.as_object().unwrap().len() > 2 {
            expected["content"] = Value::Null;
        }
        prop_assert_eq!(&request["messages"][1], &expected);
    }

    /// No chunk, whatever its fields hold, panics the decoder.
    #[test]
    fn odd_chunks_are_survived(
        names in vec(prop::sample::select(vec!["choices", "delta", "content", "tool_calls", "function", "index", "id", "name",
            "arguments", "usage", "error", "logprobs", "reasoning", "custom", "finish_reason", "x"]), 1..6),
        leaf in prop::sample::select(vec![json!(null), json!("a"), json!(1), json!(-1.5), json!([]), json!({}), json!([{}]),
            json!(true), json!("\\\"{")]),
        lists in any::<u8>(),
    ) {
        let nested = names.iter().enumerate().rev().fold(leaf, |inner, (at, name)| {
            let object = json!({ *name: inner });
            if lists & (1 << at) == 0 { object } else { json!([object]) }
        });
        let chunk = if nested.is_object() { nested } else { json!({ "choices": nested }) };
        let _ = streamed(&[chunk.clone(), end("stop")]);
        let _ = whole(&chunk);
    }
}
