//! Randomness without a state: the same numbers give the same throw, in whatever order they come.

/// A throw for `what`, of a server with this seed (the finalizer of SplitMix64, Steele et al. 2014, over each number).
pub(super) fn throw(seed: u64, what: [u64; 3]) -> u64 {
    what.into_iter().fold(seed, |hash, number| mix(hash ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
