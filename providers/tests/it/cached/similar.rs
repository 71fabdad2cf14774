//! Questions of nearly the same words.

use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_providers::cache::{Lifetime, SimilarIndex};
use steadfast_providers::{Call, HitKind};

use super::{MODES, Map, Oracle, cached};
use crate::rig::{Mode, ask};

const ASKED: &str = "please tell me in one short sentence what keeps honey bees in the air";
/// The same words, dressed up.
const NEAR: &str = "Please, tell me in one short sentence: what keeps honey bees in the air?!";
/// One word more than the thirteen.
const NEARER: &str = "Now please tell me in one short sentence what keeps honey bees in the air";

fn call(text: &str) -> Call {
    Call::new(text).temperature(0.0)
}

#[tokio::test]
async fn nothing_is_similar_unless_asked_for() {
    let (oracle, map) = (Oracle::new("oracle"), Map::default());
    let llm = cached(&oracle, &map).build();
    for text in [ASKED, NEAR] {
        assert_eq!(ask(&llm, Mode::Plain, call(text)).await.unwrap().cached, None);
    }
}

#[tokio::test]
async fn a_similar_question_is_answered_and_told_as_such() {
    for (first, second) in MODES.into_iter().flat_map(|first| MODES.map(|second| (first, second))) {
        let (oracle, map) = (Oracle::new("oracle"), Map::default());
        let llm = cached(&oracle, &map).similar(SimilarIndex::new(0.8, 100).unwrap()).build();
        ask(&llm, first, call(ASKED)).await.unwrap();
        let exact = ask(&llm, second, call(ASKED)).await.unwrap().cached.unwrap();
        assert_eq!((exact.kind, exact.similarity()), (HitKind::Exact, None));
        let hit = ask(&llm, second, call(NEARER)).await.unwrap().cached.unwrap();
        assert!(matches!(hit.kind, HitKind::Similar { similarity, .. } if similarity > 0.9 && similarity < 1.0));
        assert_eq!(hit.similarity(), Some(13.0 / 14.0));
        // The same words in another dress are no exact hit either.
        let hit = ask(&llm, second, call(NEAR)).await.unwrap().cached.unwrap();
        assert_eq!(hit.similarity(), Some(1.0));
        let stats = llm.stats();
        assert_eq!((oracle.asked(), stats.hits, stats.similar, stats.tokens_saved), (1, 1, 2, 3 * 57));
        // What differs apart from the words is another question.
        for other in [call(NEARER).system("x"), call(NEARER).max_tokens(9), call("what is a bee")] {
            assert_eq!(ask(&llm, second, other).await.unwrap().cached, None);
        }
    }
}

#[tokio::test]
async fn an_older_answer_to_the_very_question_comes_first() {
    let (oracle, map, clock) = (Oracle::new("oracle"), Map::default(), ManualClock::new());
    let lifetime = Lifetime::fresh_for(Duration::from_secs(60)).stale_for(Duration::from_secs(60));
    let builder = cached(&oracle, &map).lifetime(lifetime).clock(clock.clone());
    let llm = builder.similar(SimilarIndex::new(0.8, 100).unwrap()).build();
    ask(&llm, Mode::Plain, call(ASKED)).await.unwrap();
    clock.advance(Duration::from_secs(70));
    // Nothing similar is fresh: asked.
    assert_eq!(ask(&llm, Mode::Plain, call(NEARER)).await.unwrap().cached, None);
    let hit = ask(&llm, Mode::Plain, call(ASKED)).await.unwrap().cached.unwrap();
    assert_eq!((hit.kind, hit.similarity()), (HitKind::Stale, None));
}

#[tokio::test]
async fn a_question_whose_answer_is_gone_is_asked() {
    let (oracle, map) = (Oracle::new("oracle"), Map::default());
    let llm = cached(&oracle, &map).similar(SimilarIndex::new(0.8, 100).unwrap()).build();
    for text in [ASKED, NEAR] {
        assert_eq!(ask(&llm, Mode::Plain, call(text)).await.unwrap().cached, None);
        map.0.lock().unwrap().clear();
    }
    assert_eq!(oracle.asked(), 2);
}
