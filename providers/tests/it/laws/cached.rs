//! The laws of answers that are given again.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use steadfast_providers::cache::Rule;
use steadfast_providers::{Cached, Event, Finish, Provider, Usage};

use crate::cached::{Map, Oracle, call};

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => "\\PC{0,12}".prop_map(Event::Text),
        // The provider moved the answer to another model.
        1 => "\\PC{0,8}".prop_map(|model| Event::start("oracle", model, None)),
        1 => any::<(u64, u64, u64)>().prop_map(|(input, output, reasoning)| {
            Event::Usage(Usage::new(input, 0, 0, output, reasoning))
        }),
    ]
}

proptest! {
    /// Whatever a stream consists of, its replay consists of the same, event for event.
    #[test]
    fn a_replay_is_the_stream(
        provider in "\\PC{0,8}",
        model in "\\PC{0,8}",
        id in option::of("\\PC{0,8}"),
        middle in vec(event(), 0..12),
        stops: bool,
    ) {
        let finish = if stops { Finish::Stop } else { Finish::Length };
        let mut events = vec![Event::start(provider, model, id)];
        events.extend(middle);
        events.push(Event::Finish(finish));
        let oracle = Oracle::new("oracle").gives(events.iter().cloned().map(Ok).collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let llm = Cached::builder(oracle.clone(), Map::default().shared()).rule(Rule::everything()).build();
            for _ in 0..2 {
                let mut stream = llm.stream(call()).await.unwrap();
                for event in &events {
                    assert_eq!(stream.next().await.unwrap().unwrap(), *event);
                }
                assert!(stream.next().await.is_none());
            }
        });
        prop_assert_eq!(oracle.asked(), 1);
    }
}
