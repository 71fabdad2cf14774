//! A table that grows without ever moving what it holds.

use std::array;

use crate::sync::OnceLock;

/// Entries in chunks, each twice as long as the one before and made when it is first needed: what is there stays where it
/// is, so that readers take no lock, and at most half of it is unused.
pub(crate) struct Chunks<T>([OnceLock<Box<[T]>>; CHUNKS]);

/// Where an entry is, worked out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    chunk: usize,
    at: usize,
}

/// How many chunks there are at most: 1,048,575 entries.
#[cfg(not(steadfast_loom))]
const CHUNKS: usize = 20;
#[cfg(steadfast_loom)]
const CHUNKS: usize = 1;

/// How many entries there can be.
#[cfg(all(test, not(steadfast_loom)))]
const CAPACITY: usize = (1 << CHUNKS) - 1;

impl Place {
    /// The place of entry `number`.
    pub(crate) const fn of(number: usize) -> Self {
        let number = number.saturating_add(1);
        let chunk = number.ilog2();
        Self { chunk: chunk as usize, at: number - (1 << chunk) }
    }
}

impl<T: Default> Chunks<T> {
    pub(crate) fn new() -> Self {
        Self(array::from_fn(|_| OnceLock::new()))
    }

    /// The entry, if its chunk was made.
    #[inline]
    pub(crate) fn get(&self, place: Place) -> Option<&T> {
        self.0.get(place.chunk)?.get()?.get(place.at)
    }

    /// The entry, whose chunk is made if need be; `None` beyond 1,048,575 of them.
    #[cold]
    pub(crate) fn make(&self, place: Place) -> Option<&T> {
        let len = 1 << place.chunk;
        self.0.get(place.chunk)?.get_or_init(|| (0..len).map(|_| T::default()).collect()).get(place.at)
    }

    /// All entries of the chunks that were made.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(OnceLock::get).flat_map(|chunk| chunk.iter())
    }
}

#[cfg(all(test, not(steadfast_loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_number_below_the_capacity_has_a_place_of_its_own() {
        let mut expected = Place { chunk: 0, at: 0 };
        for number in 0..100_000 {
            let Place { chunk, at } = Place::of(number);
            assert_eq!((chunk, at), (expected.chunk, expected.at));
            expected =
                if at + 1 < 1 << chunk { Place { chunk, at: at + 1 } } else { Place { chunk: chunk + 1, at: 0 } };
        }
        assert_eq!(Place::of(CAPACITY - 1).chunk, CHUNKS - 1);
        assert_eq!(Place::of(CAPACITY).chunk, CHUNKS);
    }

    #[test]
    fn beyond_the_capacity_there_is_nothing() {
        let chunks = Chunks::<u8>::new();
        assert!(chunks.get(Place::of(CAPACITY)).is_none() && chunks.make(Place::of(CAPACITY)).is_none());
        assert!(chunks.get(Place::of(usize::MAX)).is_none());
        assert!(chunks.get(Place::of(3)).is_none());
        assert!(chunks.make(Place::of(3)).is_some() && chunks.get(Place::of(3)).is_some());
        assert_eq!(chunks.iter().count(), 4);
    }
}
