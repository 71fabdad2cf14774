//! What came of a text, without the text: how long it is, and a digest.

/// How long the beginning of a text is, and its digest
/// ([FNV-1a](http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits).
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    len: usize,
    digest: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Self { len: 0, digest: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Sum {
    /// The text goes on.
    pub(super) fn add(&mut self, text: &str) {
        self.len += text.len();
        for byte in text.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What follows in the whole text; nothing where it does not begin with what came.
    pub(super) fn rest<'a>(&self, whole: &'a str) -> &'a str {
        let Some((came, rest)) = whole.split_at_checked(self.len) else { return "" };
        let mut sum = Self::default();
        sum.add(came);
        if sum.digest == self.digest { rest } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Pieces and the rest are the whole text, wherever the pieces were cut.
        #[test]
        fn the_rest_is_what_did_not_come(pieces in prop::collection::vec("\\PC{0,6}", 0..6), rest in "\\PC{0,12}") {
            let mut sum = Sum::default();
            for piece in &pieces {
                sum.add(piece);
            }
            let whole = format!("{}{rest}", pieces.concat());
            prop_assert_eq!(sum.rest(&whole), rest);
        }
    }

    #[test]
    fn another_text_has_no_rest() {
        let mut sum = Sum::default();
        sum.add("Hello");
        assert_eq!((sum.rest("Hallo!"), sum.rest("Hell"), sum.rest("Hellé")), ("", "", ""));
    }
}
