//! The order of a fleet's devices by which shares are cut: by a hash of their ids, the same in every run.

use super::address::id;

/// Each device's place when all are ordered by the FNV-1a hash of their ids, mixed, ties by number.
pub(super) fn ranks(devices: usize) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> =
        (0u32..).take(devices).map(|number| (hash(&id(number as usize)), number)).collect();
    order.sort_unstable();
    let mut ranks = vec![0; devices];
    for (rank, (_, number)) in (0u32..).zip(order) {
        ranks[number as usize] = rank;
    }
    ranks
}

/// FNV-1a, then the finalizer of SplitMix64: neighbouring ids differ in their last bytes alone, which FNV spreads poorly.
fn hash(id: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut z = id.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
