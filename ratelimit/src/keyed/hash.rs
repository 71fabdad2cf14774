//! The hash of a table's keys: fast, and seeded anew for each table.

use core::fmt;
use core::hash::{BuildHasher, Hasher};

/// The default [`BuildHasher`] of [`Keyed`](crate::Keyed): foldhash, with a seed of its own per table.
///
/// It is no cryptographic hash. Who can watch the exact time of every answer may in the end find keys that collide;
/// give such a table the standard library's `RandomState`.
#[derive(Clone, Default)]
pub struct SeededHash(foldhash::quality::RandomState);

impl BuildHasher for SeededHash {
    type Hasher = KeyHasher;

    #[inline]
    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.0.build_hasher())
    }
}

impl fmt::Debug for SeededHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededHash")
    }
}

/// The hasher of [`SeededHash`].
#[derive(Clone)]
pub struct KeyHasher(foldhash::quality::FoldHasher<'static>);

macro_rules! forward {
    ($($write:ident: $of:ty),*) => {$(
        #[inline]
        fn $write(&mut self, value: $of) {
            self.0.$write(value);
        }
    )*};
}

impl Hasher for KeyHasher {
    forward!(
        write: &[u8], write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128, write_usize: usize
    );

    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}
