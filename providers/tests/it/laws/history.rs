//! The laws of conversations that have to fit.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;
use steadfast_providers::{
    Api, CacheTtl, History, Image, Message, Other, Part, Reasoning, Role, RoughTokens, TokenEstimator, ToolCall,
    ToolResult,
};

fn part() -> impl Strategy<Value = Part> {
    let (text, id) = (|| "\\PC{0,40}", || "[abc]");
    prop_oneof![
        4 => text().prop_map(Part::Text),
        1 => text().prop_map(Part::Refusal),
        1 => vec(any::<u8>(), 0..4).prop_map(|bytes| Image::bytes("image/png", bytes).into()),
        3 => (id(), text()).prop_map(|(id, arguments)| ToolCall::new(id, "f", arguments).into()),
        3 => (id(), text(), any::<bool>()).prop_map(|(id, text, failed)| {
            let result = ToolResult::new(id, text);
            if failed { result.failed() } else { result }.into()
        }),
        1 => (text(), option::of(text())).prop_map(|(text, signature)| {
            let mut thought = Reasoning::new(text);
            thought.signature = signature;
            thought.into()
        }),
        1 => text().prop_map(|text| Other::new(Api::Messages, json!({ "type": text, "n": [1, null] })).into()),
        1 => Just(Part::CachePoint(CacheTtl::Long)),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let role = prop_oneof![
        4 => Just(Role::User), 4 => Just(Role::Assistant), 2 => Just(Role::Tool), 1 => Just(Role::System),
        1 => Just(Role::Developer),
    ];
    (role, vec(part(), 0..3)).prop_map(|(role, parts)| Message::of(role, parts))
}

/// Which message each message is bound to by calls and results: the pairs of their places.
fn pairs(messages: &[Message]) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    for (i, message) in messages.iter().enumerate() {
        for (at, part) in message.parts.iter().enumerate() {
            let Part::ToolResult(result) = part else { continue };
            let within = message.parts[..at]
                .iter()
                .any(|part| matches!(part, Part::ToolCall(call) if call.id == result.call_id));
            let called = |message: &Message| message.tool_calls().any(|call| call.id == result.call_id);
            if let Some(caller) = messages[..i].iter().rposition(called).filter(|_| !within) {
                pairs.insert((caller, i));
            }
        }
    }
    pairs
}

proptest! {
    /// What stays fits, or nothing more can be left out; it is in order, has all of the system's words, the last question
    /// and the newest message, and no call of a tool without its result.
    #[test]
    fn what_stays_fits(messages in vec(message(), 0..16), budget in 0u64..400) {
        // So that each message can be told from the others.
        let numbered: Vec<Message> = messages.into_iter().enumerate().map(|(i, message)| message.part(format!("#{i}"))).collect();
        let fitting = History::of(numbered.clone()).budget(budget).fitting();
        let stays: Vec<usize> = numbered.iter().enumerate().filter(|(_, message)| fitting.messages.contains(message)).map(|(i, _)| i).collect();
        let left: Vec<&Message> = stays.iter().map(|i| &numbered[*i]).collect();
        prop_assert_eq!(left, fitting.messages.iter().collect::<Vec<_>>(), "in order");
        prop_assert_eq!(fitting.tokens, fitting.messages.iter().map(|message| RoughTokens.tokens(message)).sum::<u64>());
        prop_assert_eq!(fitting.fits, fitting.tokens <= budget);
        prop_assert_eq!(fitting.dropped + stays.len(), numbered.len());
        let is_system = |i: usize| matches!(numbered[i].role, Role::System | Role::Developer);
        let is_question = |i: usize| {
            numbered[i].role == Role::User && !numbered[i].parts.iter().any(|part| matches!(part, Part::ToolResult(_)))
        };
        let question = (0..numbered.len()).rev().find(|i| is_question(*i));
        let must = (0..numbered.len()).filter(|i| is_system(*i) || Some(*i) == question || i + 1 == numbered.len());
        let mut must: BTreeSet<usize> = must.collect();
        prop_assert!(must.iter().all(|i| stays.contains(i)));
        let pairs = pairs(&numbered);
        for (call, result) in &pairs {
            prop_assert!(stays.contains(call) == stays.contains(result) || is_system(*call) || is_system(*result));
        }
        if !fitting.fits {
            // All that is left has to be, or is bound to it.
            for _ in 0..numbered.len() {
                let bound = pairs.iter().filter(|(call, result)| must.contains(call) || must.contains(result));
                let bound: Vec<usize> = bound.flat_map(|(call, result)| [*call, *result]).collect();
                must.extend(bound);
            }
            prop_assert!(stays.iter().all(|i| must.contains(i)), "{:?} {:?}", stays, must);
        }
    }

    /// What is saved is what is loaded.
    #[test]
    fn saved_chats_are_loaded_as_they_were(messages in vec(message(), 0..8)) {
        let history = History::of(messages);
        let loaded = History::load(&history.save().unwrap()).unwrap();
        prop_assert_eq!(loaded.messages(), history.messages());
        prop_assert_eq!(loaded.save().unwrap(), history.save().unwrap());
    }
}
