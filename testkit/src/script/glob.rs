//! Patterns in which `*` stands for any run of characters, the empty run too.

/// Whether all of `text` fits `pattern`.
///
/// Greedy with one backtrack point, so the time is at most the product of the two lengths.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fits;

    /// The definition, word for word.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| reference(rest, &text[skip..])),
            Some((first, rest)) => text.first() == Some(first) && reference(rest, &text[1..]),
        }
    }

    proptest! {
        /// A star stands for any run of characters, every other character for itself.
        #[test]
        fn fits_as_defined(pattern in "[ab*ä]{0,8}", text in "[abä]{0,10}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(fits(&pattern, &text), reference(&p, &t));
        }
    }
}
