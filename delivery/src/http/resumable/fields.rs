//! Reading header fields: whole numbers, truth values and dictionaries of RFC 9651, as far as uploads need them.

use http::HeaderMap;

/// The one value of a field; none when there is none, several, or it is not text.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok().map(str::trim)
}

/// A whole number of at most 15 digits, without its parameters.
pub(super) fn integer(headers: &HeaderMap, name: &str) -> Option<u64> {
    number(bare(text(headers, name)?))
}

/// `?1` or `?0`, without its parameters.
pub(super) fn boolean(headers: &HeaderMap, name: &str) -> Option<bool> {
    match bare(text(headers, name)?) {
        "?1" => Some(true),
        "?0" => Some(false),
        _ => None,
    }
}

/// The members of a list or dictionary over all fields of this name, split at commas outside of quotes.
pub(super) fn members<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(split).map(str::trim).filter(|member| !member.is_empty()).collect()
}

/// A member of a dictionary as its key and its whole number, if it is one.
pub(super) fn pair(member: &str) -> (&str, Option<u64>) {
    match member.split_once('=') {
        Some((key, value)) => (key.trim(), number(bare(value))),
        None => (bare(member), None),
    }
}

fn bare(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

fn number(digits: &str) -> Option<u64> {
    let fits = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| fits)
}

fn split(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let value = |value: &&str| HeaderValue::from_bytes(value.as_bytes()).ok();
        values.iter().filter_map(value).map(|value| (http::HeaderName::from_static("x"), value)).collect()
    }

    #[test]
    fn numbers_and_truth_values_are_read() {
        fn check(value: &str, number: Option<u64>, truth: Option<bool>) {
            let headers = headers(&[value]);
            assert_eq!((integer(&headers, "x"), boolean(&headers, "x")), (number, truth), "{value}");
        }
        check("0", Some(0), None);
        check(" 25000000 ;a=b", Some(25_000_000), None);
        check("999999999999999", Some(999_999_999_999_999), None);
        check("1000000000000000", None, None);
        check("-1", None, None);
        check("+1", None, None);
        check("1.0", None, None);
        check("", None, None);
        check("?1", None, Some(true));
        check("?0;x", None, Some(false));
        check("?2", None, None);
        check("true", None, None);
        assert_eq!(integer(&headers(&["5", "5"]), "x"), None, "two values are none");
    }

    #[test]
    fn members_are_split_outside_of_quotes() {
        let headers = headers(&[r#"a=1, b="x,\"y",c"#, "d=7;p=1"]);
        let members = members(&headers, "x");
        assert_eq!(members, ["a=1", r#"b="x,\"y""#, "c", "d=7;p=1"]);
        let pairs: Vec<_> = members.into_iter().map(pair).collect();
        assert_eq!(pairs, [("a", Some(1)), ("b", None), ("c", None), ("d", Some(7))]);
    }

    proptest! {
        /// No field value panics, and a number is read only where its digits are the whole value.
        #[test]
        fn any_text_is_read_or_refused(value in "[ -~]{0,24}") {
            let headers = headers(&[&value]);
            if let Some(number) = integer(&headers, "x") {
                prop_assert!(value.trim().starts_with(|c: char| c.is_ascii_digit()), "{} of {}", number, value);
            }
            boolean(&headers, "x");
            for member in members(&headers, "x") {
                pair(member);
            }
        }
    }
}
