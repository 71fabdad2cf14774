//! Patterns: `*` is any text, `?` any character, and a `\` takes the meaning from what follows it.

/// Whether the whole text is like the pattern. The time is at most the product of both lengths.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let pattern: Vec<Token> = tokens(pattern).collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut p) = (0, 0);
    // After the last `*`: where the pattern goes on, and up to where that `*` reaches.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match (pattern.get(p), text.get(at)) {
            (Some(Token::Any), _) => {
                p += 1;
                star = Some((p, at));
            }
            (Some(Token::One), _) => (at, p) = (at + 1, p + 1),
            (Some(Token::Char(expected)), Some(c)) if expected == c => (at, p) = (at + 1, p + 1),
            _ => {
                let Some((after, reach)) = star else { return false };
                star = Some((after, reach + 1));
                (at, p) = (reach + 1, after);
            }
        }
    }
    pattern.iter().skip(p).all(|token| *token == Token::Any)
}

#[derive(PartialEq)]
enum Token {
    Any,
    One,
    Char(char),
}

fn tokens(pattern: &str) -> impl Iterator<Item = Token> {
    let mut chars = pattern.chars();
    std::iter::from_fn(move || {
        Some(match chars.next()? {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Char(chars.next().unwrap_or('\\')),
            c => Token::Char(c),
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by trying everything.
    fn naive(text: &[char], pattern: &[Token]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((Token::Any, rest)) => (0..=text.len()).any(|n| naive(&text[n..], rest)),
            Some((Token::One, rest)) => !text.is_empty() && naive(&text[1..], rest),
            Some((Token::Char(c), rest)) => text.first() == Some(c) && naive(&text[1..], rest),
        }
    }

    proptest! {
        /// A pattern means the same as when every way to read its stars is tried.
        #[test]
        fn it_agrees_with_trying_everything(text in "[ab]{0,8}", pattern in r"[ab*?\\]{0,7}") {
            let chars: Vec<char> = text.chars().collect();
            let all: Vec<Token> = tokens(&pattern).collect();
            prop_assert_eq!(is_like(&text, &pattern), naive(&chars, &all), "{} {}", text, pattern);
        }
    }

    #[test]
    fn patterns_mean_what_they_say() {
        fn check(text: &str, pattern: &str, expected: bool) {
            assert_eq!(is_like(text, pattern), expected, "{text} like {pattern}");
        }
        check("Berlin-Mitte", "Berlin*", true);
        check("berlin", "Berlin", false);
        check("Köln", "K?ln", true);
        check("", "*", true);
        check("", "", true);
        check("a", "", false);
        check("a*c", r"a\*c", true);
        check("abc", r"a\*c", false);
        check("a\\", "a\\", true);
        check("abcbcd", "a*bcd", true);
    }
}
