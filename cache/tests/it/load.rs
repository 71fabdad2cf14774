//! Loads as they are met: few keys that are asked for often and many that are asked for seldom, from a fixed seed.

use steadfast_cache::CacheKey;

/// Draws numbers `0..n`, number `k` with a frequency of `1 / (k + 1)^exponent`.
pub(crate) struct Zipf {
    /// The share of the numbers up to each.
    shares: Vec<f64>,
    state: u64,
}

impl Zipf {
    pub(crate) fn new(n: u32, exponent: f64, seed: u64) -> Self {
        let weights = (1..=n).map(|rank| f64::from(rank).powf(-exponent));
        let sum: f64 = weights.clone().sum();
        let shares = weights.scan(0.0, |so_far, weight| {
            *so_far += weight / sum;
            Some(*so_far)
        });
        Self { shares: shares.collect(), state: seed }
    }

    pub(crate) fn draw(&mut self) -> u64 {
        let at = (self.random() >> 11) as f64 / (1u64 << 53) as f64;
        self.shares.partition_point(|share| *share < at).min(self.shares.len() - 1) as u64
    }

    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

pub(crate) fn key(number: u64) -> CacheKey {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[24..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    CacheKey::from_bytes(bytes)
}
