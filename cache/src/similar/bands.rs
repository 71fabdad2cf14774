//! How many hashes it takes to find what is similar without looking at the rest.

/// The shape of a signature: so many bands of so many hashes each. Two sets are compared when they agree in all hashes
/// of a band, which sets of similarity `s` do with probability `1 - (1 - s^rows)^bands` (Leskovec, Rajaraman and Ullman,
/// "Mining of Massive Datasets", section 3.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bands {
    pub(super) bands: usize,
    pub(super) rows: usize,
}

/// The probability that a set is found that is just similar enough.
const RECALL: f64 = 0.99;
/// What a signature may cost.
const MAX_HASHES: usize = 160;
/// More rows keep no more strangers apart.
const MAX_ROWS: usize = 16;

impl Bands {
    /// The most selective shape that misses at most one in a hundred at `threshold`. Below a threshold of 0.03 there is
    /// none that a signature may cost, and the misses are more.
    pub(super) fn for_threshold(threshold: f64) -> Self {
        let mut rows = MAX_ROWS;
        while rows > 1 {
            let shape = Self { bands: MAX_HASHES / rows, rows };
            if shape.recall(threshold) >= RECALL {
                return shape.fewest(threshold);
            }
            rows -= 1;
        }
        Self { bands: MAX_HASHES, rows }.fewest(threshold)
    }

    /// The probability that a set of this similarity is compared.
    pub(super) fn recall(self, similarity: f64) -> f64 {
        let mut agree = 1.0;
        for _ in 0..self.rows {
            agree *= similarity;
        }
        let mut missed = 1.0;
        for _ in 0..self.bands {
            missed *= 1.0 - agree;
        }
        1.0 - missed
    }

    /// The same rows in as few bands as will do.
    fn fewest(mut self, threshold: f64) -> Self {
        while self.bands > 1 && (Self { bands: self.bands - 1, ..self }).recall(threshold) >= RECALL {
            self.bands -= 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Bands, MAX_HASHES, RECALL};

    #[test]
    fn the_shape_follows_from_the_threshold() {
        let check = |threshold, bands, rows| {
            assert_eq!(Bands::for_threshold(threshold), Bands { bands, rows }, "{threshold}");
        };
        check(1.0, 1, 16);
        check(0.95, 8, 16);
        check(0.9, 13, 11);
        check(0.8, 20, 7);
        check(0.7, 26, 5);
        check(0.5, 35, 3);
    }

    #[test]
    fn at_the_threshold_one_in_a_hundred_is_missed_at_most() {
        for percent in 1..=100 {
            let threshold = f64::from(percent) / 100.0;
            let shape = Bands::for_threshold(threshold);
            assert!(shape.bands * shape.rows <= MAX_HASHES, "{threshold}");
            assert!(percent < 3 || shape.recall(threshold) >= RECALL, "{threshold}");
        }
    }
}
