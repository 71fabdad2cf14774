//! The laws of the index of similar texts, against a list that is searched whole.

use std::collections::BTreeSet;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_cache::{CacheKey, SimilarIndex, TokenSet};

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, String, u8),
    Remove(u8),
    Nearest(u8, String),
}

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

/// Few words, so that texts are often similar and often equal.
fn text() -> impl Strategy<Value = String> {
    "[a-e]( [a-e]){0,4}|"
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u8..2, text(), 0u8..10).prop_map(|(partition, text, key)| Step::Insert(partition, text, key)),
        1 => (0u8..10).prop_map(Step::Remove),
        3 => (0u8..2, text()).prop_map(|(partition, text)| Step::Nearest(partition, text)),
    ]
}

type Words = BTreeSet<String>;

fn words(text: &str) -> Words {
    text.split_whitespace().map(str::to_owned).collect()
}

fn similarity(one: &Words, two: &Words) -> f64 {
    one.intersection(two).count() as f64 / one.union(two).count() as f64
}

/// The list, the oldest text first: partition, words, key.
#[derive(Default)]
struct Model(Vec<(u8, Words, u8)>);

impl Model {
    fn insert(&mut self, partition: u8, words: Words, key: u8, capacity: usize) {
        self.0.retain(|held| held.2 != key);
        if words.is_empty() {
            return;
        }
        self.0.retain(|held| (held.0, &held.1) != (partition, &words));
        if self.0.len() == capacity {
            self.0.remove(0);
        }
        self.0.push((partition, words, key));
    }
}

proptest! {
    /// After any history, what is found is filed, in this partition, and as similar as it says and the threshold asks;
    /// a text of the same words is always found; what was removed or had to make room is not.
    #[test]
    fn what_is_found_is_true(
        threshold in 0.01f64..=1.0,
        capacity in 1usize..12,
        seed in any::<u64>(),
        steps in vec(step(), 0..40),
    ) {
        let builder = SimilarIndex::builder().threshold(threshold).seed(seed);
        let index = builder.capacity(u32::try_from(capacity).unwrap()).build().unwrap();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Insert(partition, text, number) => {
                    let kept = index.insert(key(100 + partition), &TokenSet::of(&text), key(number));
                    prop_assert_eq!(kept, !text.is_empty());
                    model.insert(partition, words(&text), number, capacity);
                }
                Step::Remove(number) => {
                    prop_assert_eq!(index.remove(&key(number)), model.0.iter().any(|held| held.2 == number));
                    model.0.retain(|held| held.2 != number);
                }
                Step::Nearest(partition, text) => {
                    let asked = words(&text);
                    let found = index.nearest(key(100 + partition), &TokenSet::of(&text));
                    let equal = model.0.iter().find(|held| (held.0, &held.1) == (partition, &asked));
                    if let Some(equal) = equal {
                        prop_assert_eq!(found.map(|found| (found.key, found.similarity)), Some((key(equal.2), 1.0)));
                    } else if let Some(found) = found {
                        let held = model.0.iter().find(|held| key(held.2) == found.key).unwrap();
                        prop_assert_eq!(held.0, partition);
                        prop_assert_eq!(found.similarity, similarity(&held.1, &asked));
                        prop_assert!(found.similarity >= threshold);
                    }
                }
            }
            prop_assert_eq!(index.len(), model.0.len());
        }
        for (partition, held, number) in &model.0 {
            let text = held.iter().cloned().collect::<Vec<_>>().join(" ");
            let found = index.nearest(key(100 + partition), &TokenSet::of(&text));
            prop_assert_eq!(found.map(|found| found.key), Some(key(*number)));
        }
    }

    /// The similarity of two texts is that of their sets of words: the same in either direction, and whatever the order,
    /// the case and the marks between the words.
    #[test]
    fn similarity_is_that_of_sets_of_words(one in "([a-d]{1,2}[ ,.]){0,6}", two in "([a-d]{1,2}[ ,.]){0,6}") {
        let plain = |text: &str| words(&text.replace([',', '.'], " "));
        let (a, b) = (TokenSet::of(&one), TokenSet::of(&two));
        prop_assert_eq!(a.len(), plain(&one).len());
        prop_assert_eq!(a.similarity(&b), b.similarity(&a));
        match a.similarity(&b) {
            Some(told) => prop_assert_eq!(told, similarity(&plain(&one), &plain(&two))),
            None => prop_assert!(plain(&one).is_empty() && plain(&two).is_empty()),
        }
        let mut turned: Vec<_> = one.split(' ').rev().map(str::to_uppercase).collect();
        turned.push(one.clone());
        prop_assert_eq!(TokenSet::of(&turned.join("\n-")), a);
    }

    /// With every seed the recall rises with the similarity, from 0 for strangers to 1 for equals.
    #[test]
    fn recall_rises_with_similarity(threshold in 0.01f64..=1.0, one in 0.0f64..=1.0, two in 0.0f64..=1.0) {
        let index = SimilarIndex::new(threshold, 1).unwrap();
        let (less, more) = if one < two { (one, two) } else { (two, one) };
        prop_assert!(index.recall(less) <= index.recall(more));
        prop_assert_eq!((index.recall(0.0), index.recall(1.0)), (0.0, 1.0));
    }

    /// Under concurrent use there are never more texts than the capacity, and every look-up is counted once.
    #[test]
    fn concurrent_use_keeps_the_books(capacity in 1u32..8, steps in vec(step(), 0..20)) {
        let index = SimilarIndex::new(0.8, capacity).unwrap();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for step in &steps {
                        match step {
                            Step::Insert(partition, text, number) => {
                                index.insert(key(100 + partition), &TokenSet::of(text), key(*number));
                            }
                            Step::Remove(number) => drop(index.remove(&key(*number))),
                            Step::Nearest(partition, text) => {
                                let found = index.nearest(key(100 + partition), &TokenSet::of(text));
                                assert!(found.is_none_or(|found| found.similarity >= 0.8));
                            }
                        }
                        assert!(index.len() <= capacity as usize);
                    }
                });
            }
        });
        let lookups = steps.iter().filter(|step| matches!(step, Step::Nearest(..))).count();
        prop_assert_eq!(index.stats().lookups, 2 * lookups as u64);
    }
}
