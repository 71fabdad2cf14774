//! A text as the set of its words.

use std::cmp::Ordering;
use std::fmt;

use sha2::{Digest, Sha256};

/// The words of a text, without their order and their number.
///
/// A word is a run of alphanumeric characters ([`char::is_alphanumeric`]) in lower case ([`str::to_lowercase`]). Of each
/// word 64 bits of its SHA-256 are kept, and neither the text nor the words. Languages that put no space between words
/// have a word for each run, and thus fewer similar texts, never more.
///
/// ```
/// use steadfast_cache::TokenSet;
///
/// let set = TokenSet::of("Why is the sky blue?");
/// assert_eq!(set.len(), 5);
/// assert_eq!(set.similarity(&TokenSet::of("The sky is blue. Why?")), Some(1.0));
/// assert_eq!(set.similarity(&TokenSet::of("Why is the sea blue?")), Some(4.0 / 6.0));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenSet(Box<[u64]>);

impl TokenSet {
    /// The words of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
        let mut tokens: Vec<_> = words.map(|word| token(&word.to_lowercase())).collect();
        tokens.sort_unstable();
        tokens.dedup();
        Self(tokens.into())
    }

    /// How many different words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no word at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The share of the words of either text that are in both, `0.0 ..= 1.0` (Jaccard); `None` when there are no words.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> Option<f64> {
        let all = self.len() + other.len();
        let shared = shared(&self.0, &other.0);
        (all > 0).then(|| shared as f64 / (all - shared) as f64)
    }

    /// In ascending order, each once.
    pub(super) fn tokens(&self) -> &[u64] {
        &self.0
    }
}

/// How many numbers are in both of two ascending lists.
fn shared(one: &[u64], two: &[u64]) -> usize {
    let (mut at, mut other, mut shared) = (0, 0, 0);
    while let (Some(a), Some(b)) = (one.get(at), two.get(other)) {
        let order = a.cmp(b);
        at += usize::from(order != Ordering::Greater);
        other += usize::from(order != Ordering::Less);
        shared += usize::from(order == Ordering::Equal);
    }
    shared
}

fn token(word: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(word).into();
    u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet").field("len", &self.len()).finish_non_exhaustive()
    }
}
