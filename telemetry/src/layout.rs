//! Where a value falls: the log-linear buckets that every histogram shares.
//!
//! Values below 128 have a bucket each. Above, every octave (from one power of two to the next) is cut into 128 equal
//! buckets, so that a bucket is never wider than 1/128 of its lowest value. This is the layout of
//! [HdrHistogram](https://hdrhistogram.github.io/HdrHistogram/) at a precision of seven bits, over all of `u64`.

/// Buckets in an octave, and how many values at the start have one each.
pub(crate) const SLOTS: usize = 1 << PRECISION;

/// The run of single values below 128, then one octave for each power of two from 2⁷ to 2⁶³.
#[cfg(not(steadfast_loom))]
pub(crate) const OCTAVES: usize = 58;
/// Models record 0, 1, 2 and 3, each of which has a bucket of its own.
#[cfg(steadfast_loom)]
pub(crate) const OCTAVES: usize = 2;

/// log₂ of [`SLOTS`].
#[cfg(not(steadfast_loom))]
const PRECISION: u32 = 7;
#[cfg(steadfast_loom)]
const PRECISION: u32 = 1;

/// What is left of a number when it is cut to a slot.
const MASK: u64 = SLOTS as u64 - 1;

/// Below this every whole number is a double-precision one, too: 104 days in nanoseconds.
const EXACT: u64 = 1 << (MANTISSA + 1);

/// Of the format of such numbers (IEEE 754, binary64): bits of the fraction, and what the exponent is stored with on top.
const MANTISSA: u32 = 52;
const BIAS: usize = 1023;

/// The octave of `value` and its slot in there. The bucket's number is `octave · SLOTS + slot`.
#[inline]
pub(crate) const fn locate(value: u64) -> (usize, usize) {
    if value < SLOTS as u64 {
        return (0, (value & MASK) as usize);
    }
    if value < EXACT {
        // A floating-point number is an octave and slots already; making one takes less time than counting leading zeros
        // and shifting by them.
        let bits = (value as f64).to_bits();
        let octave = (bits >> MANTISSA) as usize - (BIAS + PRECISION as usize - 1);
        return (octave, ((bits >> (MANTISSA - PRECISION)) & MASK) as usize);
    }
    let power = value.ilog2();
    let slot = (value >> (power - PRECISION)) & MASK;
    ((power - PRECISION + 1) as usize, slot as usize)
}

/// The number of the bucket that holds `value`.
#[cfg(any(test, feature = "serde"))]
pub(crate) const fn bucket(value: u64) -> usize {
    let (octave, slot) = locate(value);
    octave * SLOTS + slot
}

/// The lowest value that falls into `bucket`.
pub(crate) const fn lowest(bucket: usize) -> u64 {
    let (octave, slot) = (bucket / SLOTS, (bucket % SLOTS) as u64);
    if octave == 0 { slot } else { (SLOTS as u64 + slot) << (octave - 1) }
}

/// The highest value that falls into `bucket`.
pub(crate) const fn highest(bucket: usize) -> u64 {
    let octave = bucket / SLOTS;
    let width = if octave == 0 { 1 } else { 1 << (octave - 1) };
    lowest(bucket) + (width - 1)
}

#[cfg(all(test, not(steadfast_loom)))]
mod tests {
    use super::*;

    #[test]
    fn buckets_tile_all_values_without_a_gap() {
        assert_eq!(lowest(0), 0);
        for bucket in 1..OCTAVES * SLOTS {
            assert_eq!(lowest(bucket), highest(bucket - 1) + 1, "bucket {bucket}");
        }
        assert_eq!(highest(OCTAVES * SLOTS - 1), u64::MAX);
    }

    #[test]
    fn both_ends_of_a_bucket_are_located_in_it() {
        for number in 0..OCTAVES * SLOTS {
            assert_eq!(bucket(lowest(number)), number);
            assert_eq!(bucket(highest(number)), number);
        }
    }

    #[test]
    fn either_way_of_locating_finds_the_same() {
        for power in 7..64 {
            for value in [1 << power, (1 << power) + 1, (3 << (power - 1)) - 1, (1u64 << power) + ((1 << power) - 1)] {
                let slot = (value >> (power - 7)) & 127;
                assert_eq!(locate(value), (power as usize - 6, slot as usize), "{value}");
            }
        }
    }

    #[test]
    fn no_bucket_is_wider_than_a_128th_of_its_lowest_value() {
        for number in SLOTS..OCTAVES * SLOTS {
            assert!(highest(number) - lowest(number) < lowest(number).div_ceil(128), "bucket {number}");
        }
    }
}
