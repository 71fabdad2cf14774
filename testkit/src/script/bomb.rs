//! Zeros in gzip (RFC 1952), at the ratio that is the most Deflate (RFC 1951) can do, without a compressor.
//!
//! A block of a MiB of zeros says: one zero, then the 258 bytes that lie one byte back, again and again, two bits a time.
//! Padded to whole bytes, it stands for itself wherever it is put, so a body of any size is one block many times.

use bytes::Bytes;

/// How many zeros a block stands for: one, and 258 for each match.
const BLOCK: u64 = 1 + MATCHES * 258;
const MATCHES: u64 = 4064;
/// How many blocks are a piece: some 16 KiB of wire.
const BLOCKS: u64 = 16;

/// A gzip file of at least so many zeros, in pieces that share their memory.
pub(super) fn gzip(bytes: u64) -> Vec<Bytes> {
    let block = block();
    let pieces = bytes.div_ceil(BLOCK * BLOCKS);
    let piece = Bytes::from(block.repeat(16));
    let zeros = pieces * BLOCK * BLOCKS;
    // Deflate, no name, no time, best compression, an unknown system.
    let head = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    // An empty last block; then the checksum and the length modulo 2^32.
    let mut tail = vec![0x03, 0x00];
    tail.extend_from_slice(&crc_of_zeros(zeros).to_le_bytes());
    tail.extend_from_slice(&zeros.to_le_bytes()[..4]);
    let middle = std::iter::repeat_n(piece, usize::try_from(pieces).unwrap_or(usize::MAX));
    std::iter::once(head).chain(middle).chain([Bytes::from(tail)]).collect()
}

/// One block with codes of its own, and an empty stored one, which ends on a whole byte.
fn block() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.number(0, 1); // not the last block
    bits.number(2, 2); // with its own codes
    bits.number(29, 5); // for 286 literals and lengths,
    bits.number(0, 5); // one distance,
    bits.number(14, 4); // and 18 lengths of codes, in the order of the standard:
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        let length = match symbol {
            18 => 1,
            1 | 2 => 2,
            _ => 0,
        };
        bits.number(length, 3);
    }
    // By the canonical rule: 18 is 0, 1 is 10, 2 is 11. An 18 is followed by how many zeros it stands for, less 11.
    let (zeros, one, two) = ((0, 1), (0b10, 2), (0b11, 2));
    bits.code(two); // literal 0
    for run in [138, 117] {
        bits.code(zeros); // literals 1 to 255
        bits.number(run - 11, 7);
    }
    bits.code(two); // 256, the end of the block
    bits.code(zeros); // lengths 257 to 284
    bits.number(28 - 11, 7);
    bits.code(one); // 285, which is 258 bytes
    bits.code(one); // the distance of one byte
    // And so: 285 is 0, literal 0 is 10, the end is 11; the distance is 0.
    bits.code((0b10, 2));
    for _ in 0..MATCHES {
        bits.code((0, 1));
        bits.code((0, 1));
    }
    bits.code((0b11, 2));
    bits.number(0, 3); // a stored block, not the last
    bits.pad();
    bits.bytes.extend_from_slice(&[0x00, 0x00, 0xff, 0xff]);
    bits.bytes
}

/// Bits in the order of Deflate: from the lowest bit of a byte up.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// A number, its lowest bit first.
    fn number(&mut self, value: u32, width: u32) {
        for i in 0..width {
            self.bit(value >> i & 1 == 1);
        }
    }

    /// A code, its highest bit first.
    fn code(&mut self, (value, width): (u32, u32)) {
        for i in (0..width).rev() {
            self.bit(value >> i & 1 == 1);
        }
    }

    fn bit(&mut self, bit: bool) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << self.used;
        }
        self.used = (self.used + 1) % 8;
    }

    fn pad(&mut self) {
        self.used = 0;
    }
}

/// The CRC-32 of so many zeros, in time that is logarithmic in their number.
///
/// A zero bit is a linear map of the register over GF(2), here 32 columns; `n` of them are its `n`th power.
fn crc_of_zeros(bytes: u64) -> u32 {
    let mut step: [u32; 32] = std::array::from_fn(|i| if i == 0 { 0xedb8_8320 } else { 1 << (i - 1) });
    let mut register = u32::MAX;
    let mut bits = u128::from(bytes) * 8;
    while bits > 0 {
        if bits & 1 == 1 {
            register = apply(&step, register);
        }
        step = step.map(|column| apply(&step, column));
        bits >>= 1;
    }
    !register
}

fn apply(map: &[u32; 32], vector: u32) -> u32 {
    (0..32).filter(|i| vector >> i & 1 == 1).fold(0, |sum, i| sum ^ map[i])
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn it_unpacks_to_zeros_and_its_checksum_holds() {
        for bytes in [1, BLOCK * BLOCKS, BLOCK * BLOCKS + 1] {
            let packed = gzip(bytes).concat();
            let mut zeros = Vec::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut zeros).unwrap();
            assert!(zeros.len() as u64 >= bytes && zeros.iter().all(|byte| *byte == 0));
            assert!(packed.len() < zeros.len() / 900, "{} for {}", packed.len(), zeros.len());
        }
    }

    #[test]
    fn the_checksum_of_zeros_is_the_known_one() {
        assert_eq!(crc_of_zeros(0), 0);
        // Of one zero byte, and of four, as every implementation has it.
        assert_eq!(crc_of_zeros(1), 0xd202_ef8d);
        assert_eq!(crc_of_zeros(4), 0x2144_df1c);
    }
}
