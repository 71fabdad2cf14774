//! Words as tokens: how the simulated providers cut their answer, and count what they read.

use serde_json::Value;

/// What is said, token by token, and why it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) tokens: Vec<String>,
    pub(super) end: End,
}

/// Why an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All is said.
    Natural,
    /// The request's token limit.
    Length,
    /// A stop sequence of the request.
    Stop(String),
}

impl Spoken {
    /// The answer as a request with these limits gets it.
    pub(super) fn new(answer: &str, max_tokens: Option<u64>, stops: &[String]) -> Self {
        let stop = stops
            .iter()
            .filter(|stop| !stop.is_empty())
            .filter_map(|stop| answer.find(stop.as_str()).map(|at| (at, stop)))
            .min_by_key(|(at, _)| *at);
        let said = stop.map_or(answer, |(at, _)| &answer[..at]);
        let mut tokens: Vec<String> = tokens(said).map(str::to_owned).collect();
        let most = max_tokens.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let end = if tokens.len() > most {
            tokens.truncate(most);
            End::Length
        } else {
            stop.map_or(End::Natural, |(_, stop)| End::Stop(stop.clone()))
        };
        Self { tokens, end }
    }

    pub(super) fn text(&self) -> String {
        self.tokens.concat()
    }
}

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

        /// An answer is a prefix of the configured text, holds no stop sequence, and never more tokens than allowed.
        #[test]
        fn limits_hold(text in "[ab ]{0,30}", most in 0u64..12, stop in "[ab]{1,3}") {
            let spoken = Spoken::new(&text, Some(most), std::slice::from_ref(&stop));
            prop_assert!(text.starts_with(&spoken.text()));
            prop_assert!(!spoken.text().contains(&stop));
            prop_assert!(spoken.tokens.len() as u64 <= most);
        }
    }
}
