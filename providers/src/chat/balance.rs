//! Whether JSON that comes in pieces is complete.

/// Counts brackets. It does not tell whether the JSON is any good.
#[derive(Default)]
pub(super) struct Balance {
    depth: usize,
    has_begun: bool,
    in_text: bool,
    is_escaped: bool,
}

impl Balance {
    /// Takes in the next piece.
    pub(super) fn feed(&mut self, piece: &str) {
        self.has_begun |= !piece.is_empty();
        for byte in piece.bytes() {
            if self.in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Something came.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// What came is complete, as far as brackets tell.
    pub(super) fn is_complete(&self) -> bool {
        self.has_begun && self.depth == 0 && !self.in_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_are_none() {
        let json = r#"{"a": "}\"]{", "b": [1, {"c": null}]}"#;
        let mut balance = Balance::default();
        for (at, _) in json.char_indices() {
            assert!(!balance.is_complete(), "{}", &json[..at]);
            balance.feed(&json[at..=at]);
        }
        assert!(balance.is_complete() && balance.has_begun());
    }
}
