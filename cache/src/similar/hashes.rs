//! Signatures of sets: MinHash, by bands.

use super::bands::Bands;
use crate::CacheKey;

/// The hash functions of one index.
///
/// The smallest hash among the members of a set is the same for two sets with the probability of their similarity
/// (Broder, "On the resemblance and containment of documents", 1997). The permutations are linear, which serves because
/// the tokens are uniform already; they are drawn from a seed, so that nobody who does not know it can make texts that
/// meet.
pub(super) struct Hashes {
    shape: Bands,
    permutations: Vec<Permutation>,
    salt: u64,
}

struct Permutation {
    factor: u64,
    shift: u64,
}

impl Hashes {
    pub(super) fn new(shape: Bands, seed: u64) -> Self {
        let mut state = seed;
        // SplitMix64 (Steele, Lea and Flood, 2014).
        let mut draw = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mixed(state)
        };
        let salt = draw();
        let permutations =
            (0..shape.bands * shape.rows).map(|_| Permutation { factor: draw() | 1, shift: draw() }).collect();
        Self { shape, permutations, salt }
    }

    pub(super) const fn shape(&self) -> Bands {
        self.shape
    }

    /// Of a set in a partition: a hash of the whole of it, and then one of each band.
    pub(super) fn signature(&self, partition: &CacheKey, tokens: &[u64]) -> Vec<u64> {
        let start = partition.as_bytes().chunks_exact(8).fold(self.salt, |state, bytes| {
            mixed(state ^ bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
        });
        let mut signature = Vec::with_capacity(1 + self.shape.bands);
        signature.push(tokens.iter().fold(start, |state, token| mixed(state ^ token)));
        signature.extend(self.permutations.chunks_exact(self.shape.rows).map(|band| {
            band.iter().fold(start, |state, permutation| {
                let hashes =
                    tokens.iter().map(|token| token.wrapping_mul(permutation.factor).wrapping_add(permutation.shift));
                mixed(state ^ hashes.min().unwrap_or(u64::MAX))
            })
        }));
        signature
    }
}

/// A bijection in which every bit of the result depends on every bit of the number (Stafford's variant 13).
const fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
