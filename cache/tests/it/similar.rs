//! The index of similar texts, case by case, and what it finds among many.

use proptest::prelude::RngCore;
use proptest::test_runner::{RngAlgorithm, TestRng};
use steadfast_cache::{CacheKey, ConfigError, SimilarIndex, TokenSet};

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

fn numbered(number: u64) -> CacheKey {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    CacheKey::from_bytes(bytes)
}

const HERE: CacheKey = CacheKey::from_bytes([0xaa; 32]);
const THERE: CacheKey = CacheKey::from_bytes([0xbb; 32]);

fn index(threshold: f64) -> SimilarIndex {
    SimilarIndex::builder().threshold(threshold).seed(7).build().unwrap()
}

#[test]
fn words_are_alphanumeric_runs_in_lower_case() {
    let check = |text, same, len| {
        assert_eq!(TokenSet::of(text), TokenSet::of(same), "{text:?}");
        assert_eq!(TokenSet::of(text).len(), len, "{text:?}");
    };
    check("Why is the SKY blue?", "why is the sky blue", 5);
    check("b a, b;\ta", "a b", 2);
    check("don't", "t don", 2);
    check("3.5", "5 3", 2);
    check("ΟΔΟΣ Straße ÉTÉ", "οδος straße été", 3);
    check("空は、なぜ青い？", "なぜ青い 空は", 2);
    check(" \n…!?", "", 0);
    assert_ne!(TokenSet::of("\u{e9}"), TokenSet::of("e\u{301}"));
    assert_ne!(TokenSet::of("ab c"), TokenSet::of("a bc"));
}

#[test]
fn similarity_is_the_share_of_common_words() {
    let similarity = |one, two| TokenSet::of(one).similarity(&TokenSet::of(two));
    assert_eq!(similarity("a b c", "c b a a"), Some(1.0));
    assert_eq!(similarity("a b c", "b c d"), Some(0.5));
    assert_eq!(similarity("a", "b"), Some(0.0));
    assert_eq!(similarity("a", ""), Some(0.0));
    assert_eq!(similarity("", "?"), None);
}

#[test]
fn what_is_found_says_how_similar_it_is() {
    let index = index(0.75);
    index.insert(HERE, &TokenSet::of("a b c d"), key(1));
    let found = index.nearest(HERE, &TokenSet::of("d c b a")).unwrap();
    assert_eq!((found.key, found.similarity), (key(1), 1.0));
    assert_eq!(index.nearest(HERE, &TokenSet::of("a b c d e")).map(|found| found.similarity), Some(0.8));
    assert_eq!(index.nearest(HERE, &TokenSet::of("a b c e f")), None);
    assert_eq!(index.nearest(THERE, &TokenSet::of("a b c d")), None);
    assert_eq!(index.nearest(HERE, &TokenSet::of("")), None);
    let stats = index.stats();
    assert_eq!((stats.lookups, stats.hits), (5, 2));
}

#[test]
fn the_most_similar_is_told_and_of_equals_the_newest() {
    let index = index(0.1);
    index.insert(HERE, &TokenSet::of("a b c d"), key(1));
    index.insert(HERE, &TokenSet::of("a b c e"), key(2));
    index.insert(HERE, &TokenSet::of("a b x y"), key(3));
    let nearest = |text| index.nearest(HERE, &TokenSet::of(text)).map(|found| found.key);
    assert_eq!(nearest("a b c"), Some(key(2)));
    assert_eq!(nearest("a b c d z"), Some(key(1)));
}

#[test]
fn a_key_and_a_set_are_filed_once() {
    let index = index(1.0);
    let [ab, cd] = ["a b", "c d"].map(TokenSet::of);
    assert!(index.insert(HERE, &ab, key(1)));
    assert!(index.insert(HERE, &cd, key(1)));
    assert_eq!((index.len(), index.nearest(HERE, &ab)), (1, None));
    assert!(index.insert(HERE, &cd, key(2)));
    assert!(index.insert(THERE, &cd, key(3)));
    assert_eq!(index.len(), 2);
    assert_eq!(index.nearest(HERE, &cd).map(|found| found.key), Some(key(2)));
    assert!(index.remove(&key(2)) && !index.remove(&key(2)) && !index.remove(&key(1)));
    assert_eq!(index.nearest(HERE, &cd), None);
    assert!(index.clone().remove(&key(3)) && index.is_empty());
}

#[test]
fn texts_without_words_or_with_too_many_are_not_filed() {
    let index = SimilarIndex::builder().max_tokens(2).build().unwrap();
    assert!(index.insert(HERE, &TokenSet::of("a b"), key(1)));
    assert!(!index.insert(HERE, &TokenSet::of("a b c"), key(1)));
    assert!(index.is_empty());
    assert!(!index.insert(HERE, &TokenSet::of("…"), key(1)));
    assert!(index.is_empty());
}

#[test]
fn the_oldest_text_makes_room() {
    let index = SimilarIndex::builder().capacity(2).build().unwrap();
    for (number, text) in (1..).zip(["a", "b", "c"]) {
        index.insert(HERE, &TokenSet::of(text), key(number));
    }
    let found = ["a", "b", "c"].map(|text| index.nearest(HERE, &TokenSet::of(text)).is_some());
    assert_eq!((found, index.len(), index.stats().evictions), ([false, true, true], 2, 1));
}

#[test]
fn what_cannot_be_is_refused() {
    let check = |result: Result<SimilarIndex, ConfigError>, line: &str| {
        assert_eq!(result.unwrap_err().to_string(), line);
    };
    for threshold in [0.0, -0.5, 1.000_001, f64::NAN, f64::INFINITY] {
        check(SimilarIndex::new(threshold, 1), "threshold must be above 0 and at most 1");
    }
    check(SimilarIndex::new(0.9, 0), "capacity is 0 entries; it must be at least 1");
    check(SimilarIndex::builder().max_tokens(0).build(), "max_tokens is 0; it must be at least 1");
    assert!(SimilarIndex::new(f64::MIN_POSITIVE, u32::MAX).is_ok());
}

#[test]
fn debug_shows_no_words() {
    let index = index(0.9);
    let set = TokenSet::of("secret");
    index.insert(HERE, &set, key(1));
    let shown = format!("{index:?} {set:?} {:?}", index.nearest(HERE, &set));
    assert!(shown.contains("len: 1") && !shown.contains("secret"), "{shown}");
}

/// Texts of words that are drawn from a vocabulary, the same at each run.
struct Writer(TestRng);

impl Writer {
    fn new() -> Self {
        Self(TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    /// Words that are rare and words that are not: a number below a number that is drawn first.
    fn words(&mut self, count: usize, vocabulary: u64) -> Vec<String> {
        (0..count)
            .map(|_| {
                let rarity = 1 + self.below(vocabulary);
                format!("w{}", self.below(rarity))
            })
            .collect()
    }
}

fn set(words: &[String]) -> TokenSet {
    TokenSet::of(&words.join(" "))
}

/// Of texts that are just as similar as the threshold, at least 0.99 are to be found; that it is less than 0.96 of 500 by
/// chance happens once in 10⁶ runs, and this one is always the same.
#[test]
fn what_is_similar_is_found() {
    for (threshold, words, changed) in [(0.5, 30, 10), (0.8, 36, 4), (0.9, 38, 2)] {
        let index = SimilarIndex::builder().threshold(threshold).seed(1).build().unwrap();
        let mut writer = Writer::new();
        let mut similar = Vec::new();
        for number in 0..500 {
            let mut text: Vec<_> = (0..words).map(|word| format!("t{number}w{word}")).collect();
            index.insert(HERE, &set(&text), numbered(number));
            for word in text.iter_mut().take(changed) {
                *word = format!("x{}", writer.below(u64::MAX));
            }
            similar.push(set(&text));
        }
        let mut found = 0;
        for (number, text) in (0..).zip(&similar) {
            if let Some(near) = index.nearest(HERE, text) {
                assert!(near.key == numbered(number) && near.similarity >= threshold);
                found += 1;
            }
        }
        assert!(index.recall(threshold) >= 0.99);
        assert!(found >= 480, "{found} of 500 at {threshold}");
    }
}

/// A look-up among 10,000 random texts compares less than one in a thousand, at a threshold as low as 0.5.
#[test]
fn a_look_up_compares_few_texts() {
    let index = SimilarIndex::builder().threshold(0.5).capacity(10_000).seed(1).build().unwrap();
    let mut writer = Writer::new();
    for number in 0..10_000 {
        index.insert(HERE, &set(&writer.words(12, 5000)), numbered(number));
    }
    for _ in 0..100 {
        let _ = index.nearest(HERE, &set(&writer.words(12, 5000)));
    }
    let examined = index.stats().examined as f64 / 100.0;
    assert!(examined < 0.001 * 10_000.0, "{examined}");
}

/// However alike the texts are, a look-up compares 64 of each band at most.
#[test]
fn a_crowd_of_similar_texts_is_not_searched_whole() {
    let index = SimilarIndex::builder().threshold(0.9).seed(1).build().unwrap();
    for number in 0..1000 {
        let text: Vec<_> = (0..40).map(|word| format!("same{word}")).chain([format!("n{number}")]).collect();
        index.insert(HERE, &set(&text), numbered(number));
    }
    let text: Vec<_> = (0..40).map(|word| format!("same{word}")).chain(["other".to_owned()]).collect();
    let found = index.nearest(HERE, &set(&text)).unwrap();
    assert_eq!(found.similarity, 40.0 / 42.0);
    assert!(index.stats().examined <= 14 * 64, "{:?}", index.stats());
}
