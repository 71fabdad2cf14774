//! Words as tokens: how the simulated providers cut what they say, and count what they read.

use serde_json::Value;

/// A word with the space before it, or a run of punctuation, is a token. The tokens of a text make up the text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        let is_word = |c: char| c.is_alphanumeric();
        let first = rest[start..].chars().next()?;
        let end = rest[start..]
            .find(|c: char| c.is_whitespace() || is_word(c) != is_word(first))
            .map_or(rest.len(), |end| start + end);
        // Whitespace alone, at the end of a text.
        let end = if end == start { rest.len() } else { end };
        let (token, tail) = rest.split_at(end);
        rest = tail;
        Some(token)
    })
}

/// How many tokens a message's content is: a string, or a list of parts of which those with text count.
pub(super) fn count(content: &Value) -> u64 {
    match content {
        Value::String(text) => tokens(text).count() as u64,
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")).map(count).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The tokens of a text make up the text, and none is empty.
        #[test]
        fn tokens_make_up_the_text(text in "[ a-cä.,!\n]{0,40}|\\PC{0,20}") {
            prop_assert!(tokens(&text).all(|token| !token.is_empty()));
            prop_assert_eq!(tokens(&text).collect::<String>(), text);
        }
    }
}
