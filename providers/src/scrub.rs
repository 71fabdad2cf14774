//! Takes keys and prompts out of what a provider says about them.

use memchr::memmem;

/// The most characters of a provider's message that are told.
const LONGEST: usize = 200;
/// So many bytes in common with a key, or with a prompt, are too many.
const KEY_WINDOW: usize = 6;
const TEXT_WINDOW: usize = 12;
/// Longer names that have digits in them may be keys.
const LONGEST_NAME: usize = 12;
/// Shorter prompts are not looked for: they would be found in every message.
const SHORTEST_TEXT: usize = 4;

/// One line of at most 200 characters, in which every word that shares a piece with a key or a prompt is hidden.
pub(crate) fn scrub<'a>(
    message: &str,
    keys: impl Iterator<Item = &'a str>,
    texts: impl Iterator<Item = &'a str>,
) -> String {
    let line = one_line(message);
    let mut hidden = vec![false; line.len()];
    for key in keys {
        mark(&line, key, KEY_WINDOW, &mut hidden);
    }
    for text in texts {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.len() >= SHORTEST_TEXT {
            mark(&line, &text, TEXT_WINDOW, &mut hidden);
        }
    }
    if !hidden.contains(&true) {
        return cut(&line);
    }
    let mut clean = String::with_capacity(line.len());
    let mut at = 0;
    for word in line.split(' ') {
        let shown = !hidden[at..at + word.len()].contains(&true);
        at += word.len() + 1;
        let word = if shown { word } else { "[redacted]" };
        if !shown && clean.ends_with("[redacted]") {
            continue;
        }
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(word);
    }
    cut(&clean)
}

/// A machine word, such as an error code; `None` when it does not look like one.
pub(crate) fn word(text: &str) -> Option<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    Some(text).filter(|text| (1..=128).contains(&text.len()) && text.bytes().all(fits))
}

/// A name that somebody gave, to be quoted; one that may be a key in the wrong place is not.
pub(crate) fn name(text: &str) -> &str {
    let may_be_key = text.len() > LONGEST_NAME && text.bytes().any(|byte| byte.is_ascii_digit());
    if may_be_key { "…" } else { text }
}

/// Marks the bytes of `line` that are in a piece of `secret`, `window` bytes long or all of a shorter secret.
fn mark(line: &str, secret: &str, window: usize, hidden: &mut [bool]) {
    let window = window.min(secret.len());
    if window == 0 {
        return;
    }
    for start in 0..(line.len() + 1).saturating_sub(window) {
        let piece = &line.as_bytes()[start..start + window];
        if memmem::find(secret.as_bytes(), piece).is_some() {
            hidden[start..start + window].fill(true);
        }
    }
}

/// Control characters and runs of white space become one space. Long messages lose their end here already, with room
/// for a word that straddles the cut.
fn one_line(message: &str) -> String {
    let mut line = String::new();
    for word in message.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if line.len() > 4 * LONGEST {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(message: &str, key: &str, text: &str, expected: &str) {
        assert_eq!(scrub(message, [key].into_iter(), [text].into_iter()), expected);
    }

    #[test]
    fn hides_keys_and_prompts() {
        check("all is well", "sk-canary-123", "tell me", "all is well");
        check("Incorrect API key: sk-canary-123.", "sk-canary-123", "-", "Incorrect API key: [redacted]");
        check("Incorrect API key: sk-cana******-123", "sk-canary-123", "-", "Incorrect API key: [redacted]");
        check("bad input 'tell me\n all of' here", "k", "tell me all of it", "bad input [redacted] here");
        check("Hello is not JSON", "k-1", "Hello", "[redacted] is not JSON");
        check("", "sk", "text", "");
    }

    #[test]
    fn tells_200_characters_of_one_line() {
        let said = scrub(&"ä\r\n".repeat(500), std::iter::empty(), std::iter::empty());
        assert_eq!(said.chars().count(), 201);
        assert!(!said.contains('\n'));
    }

    #[test]
    fn words_are_words() {
        assert_eq!(word("rate_limit_exceeded"), Some("rate_limit_exceeded"));
        assert_eq!(word("two words"), None);
        assert_eq!(word(""), None);
    }

    #[test]
    fn names_are_no_keys() {
        for told in ["gpt", "gpt-5.4", "chat_completions", "stream_timeouts"] {
            assert_eq!(name(told), told);
        }
        assert_eq!(name("sk-canary-4f1d9c-key"), "…");
    }

    proptest! {
        /// No message, whatever surrounds it, shows a key or a prompt that is in it.
        #[test]
        fn never_shows_a_secret(
            before in "\\PC{0,300}",
            after in "\\PC{0,40}",
            key in "sk-[a-z0-9]{8,40}",
            prompt in "[a-z]{4,10}( [a-z]{3,8}){0,5}",
        ) {
            // What stands in for a secret is none.
            prop_assume!(!"[redacted]".contains(&prompt));
            let message = format!("{before} {key} {prompt}{after}");
            let said = scrub(&message, [key.as_str()].into_iter(), [prompt.as_str()].into_iter());
            prop_assert!(!said.contains(&key));
            prop_assert!(!said.contains(&prompt));
        }
    }
}
