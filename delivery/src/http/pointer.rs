//! Where in a JSON document something stands (RFC 6901).

use serde_json::Value;

/// A JSON pointer such as `/firmware/version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(String);

impl Pointer {
    /// Reads a pointer. The text of the refusal says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err("a JSON pointer begins with `/`");
        }
        if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err("in a JSON pointer `~` is written `~0`, and `/` within a name `~1`");
        }
        Ok(Self(text.to_owned()))
    }

    /// The text that it points at.
    pub(super) fn text<'v>(&self, document: &'v Value) -> Option<&'v str> {
        document.pointer(&self.0)?.as_str()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_those_of_the_standard() {
        // The document of RFC 6901, section 5, with texts in the place of numbers.
        let document = serde_json::json!({
            "foo": ["bar", "baz"], "": "0", "a/b": "1", "c%d": "2", "e^f": "3", "g|h": "4", "i\\j": "5", "k\"l": "6",
            " ": "7", "m~n": "8"
        });
        let cases = [
            ("/foo/0", Some("bar")),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/c%d", Some("2")),
            ("/e^f", Some("3")),
            ("/g|h", Some("4")),
            ("/i\\j", Some("5")),
            ("/k\"l", Some("6")),
            ("/ ", Some("7")),
            ("/m~0n", Some("8")),
            ("", None),
            ("/foo", None),
            ("/foo/2", None),
        ];
        for (pointer, expected) in cases {
            assert_eq!(Pointer::parse(pointer).unwrap().text(&document), expected, "{pointer:?}");
        }
        for wrong in ["version", "/a~", "/a~2", "#/a"] {
            assert!(Pointer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
