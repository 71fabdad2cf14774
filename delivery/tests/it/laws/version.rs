//! The laws of the order of versions.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use proptest::prelude::*;
use steadfast_delivery::Version;

/// Texts that are versions of all kinds, near each other.
fn version() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[0-2]{1,2}",
        2 => Just(String::from(".")),
        2 => Just(String::from("-")),
        1 => "[~_+ ]",
        2 => "(rc|beta|a|k|p|v|R|RC)",
    ];
    prop_oneof![
        3 => proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        2 => semver(),
        1 => "v?[0-2](\\.[0-2]){0,4}",
        1 => ".{0,6}",
    ]
}

/// Texts that are semantic versions, near each other.
fn semver() -> impl Strategy<Value = String> {
    "[0-1]\\.[0-2]\\.(0|1|10)(-(0|1|10|a|b|rc1|rc10|A)(\\.(0|2|10|a|-)){0,2})?(\\+[a-b])?"
}

proptest! {
    /// Versions are ordered: each is equal to itself, no two are before each other, what is before another is before all
    /// that is after that one, and equal versions have equal hashes.
    #[test]
    fn versions_are_totally_ordered(a in version(), b in version(), c in version()) {
        let [a, b, c] = [a, b, c].map(Version::new);
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        let mut sorted = [&a, &b, &c];
        sorted.sort();
        prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
        if a == b {
            let state = RandomState::new();
            prop_assert_eq!(state.hash_one(&a), state.hash_one(&b));
            prop_assert_eq!(a.cmp(&c), b.cmp(&c));
        }
    }

    /// Two texts that are semantic versions compare by the precedence of semantic versions.
    #[test]
    fn semantic_versions_go_by_their_precedence(a in semver(), b in semver()) {
        let (left, right) = (semver::Version::parse(&a).unwrap(), semver::Version::parse(&b).unwrap());
        prop_assert_eq!(Version::new(&*a).cmp(&Version::new(&*b)), left.cmp_precedence(&right), "{} {}", a, b);
    }

    /// Versions that are numbers alone compare as lists of numbers, however they are separated.
    #[test]
    fn numbers_compare_as_numbers(
        a in proptest::collection::vec(0u64..30, 1..6),
        b in proptest::collection::vec(0u64..30, 1..6),
        between in "[._ ]",
    ) {
        let text = |numbers: &[u64], between: &str| {
            numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(between)
        };
        let padded = |numbers: &[u64]| (0..6).map(|at| numbers.get(at).copied().unwrap_or(0)).collect::<Vec<_>>();
        let order = Version::new(text(&a, ".")).cmp(&Version::new(text(&b, &between)));
        prop_assert_eq!(order, padded(&a).cmp(&padded(&b)));
    }
}
