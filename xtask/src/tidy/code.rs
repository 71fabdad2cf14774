//! Source text reduced to its code, so that a rule does not trip over words in comments and strings.

/// `text` without comments and the contents of string and character literals; every line keeps its number.
pub(crate) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        let skipped = match quoted(rest, before) {
            0 => {
                code.push(next);
                next.len_utf8()
            }
            length => {
                code.push(' ');
                code.extend(rest.get(..length).unwrap_or(rest).chars().filter(|c| *c == '\n'));
                length
            }
        };
        before = next;
        rest = rest.get(skipped..).unwrap_or_default();
    }
    code
}

/// Length of the comment or literal that `rest` starts with, 0 if it starts with code.
fn quoted(rest: &str, before: char) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return closing(rest, '"');
    }
    if rest.starts_with('r') && (!is_word(before) || before == 'b' || before == 'c') {
        return raw_string(rest);
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of a literal that ends at the first unescaped `quote` after its first character.
fn closing(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Length of `r"…"` or `r#"…"#`; 0 for a word that starts with r, and for a raw name.
fn raw_string(rest: &str) -> usize {
    let hashes = rest.chars().skip(1).take_while(|c| *c == '#').count();
    let start = 1 + hashes;
    if !rest.get(start..).is_some_and(|tail| tail.starts_with('"')) {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = start + 1;
    rest.get(body..).and_then(|tail| tail.find(&end)).map_or(rest.len(), |at| body + at + end.len())
}

/// Length of a character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut inside = rest.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => closing(rest, '\''),
        _ => 0,
    }
}

/// Whether `c` can be part of a name.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, hidden: &str, seen: &str) {
        let code = code(text);
        assert!(!code.contains(hidden), "{hidden} is still in {code}");
        assert!(code.contains(seen), "{seen} is gone from {code}");
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn words_in_comments_and_literals_are_no_code() {
        check("a(); // hidden\nseen();", "hidden", "seen");
        check("/* hidden /* deeper */ hidden\n */ seen()", "hidden", "seen");
        check(r#"let a = "hidden \" hidden"; seen()"#, "hidden", "seen");
        check(r##"let a = br#"hidden " hidden"#; seen()"##, "hidden", "seen");
        check("let a = r\"hidden\\\"; seen()", "hidden", "seen");
        check("let a = '\"'; seen(); let b = \"hidden\";", "hidden", "seen");
        check("let a = '\\''; seen(); // hidden", "hidden", "seen");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        check("fn f<'a>(seen: &'a str) { r#type(); } // hidden", "hidden", "seen");
        check("let r = bar; seen(r) // hidden", "hidden", "seen");
    }
}
