//! Reading the version out of a device's answer: plain text, or JSON with a `version`.

use serde::Deserialize;

#[derive(Deserialize)]
struct Document {
    version: String,
}

/// The version. The refusal says what is wrong, without quoting the answer.
pub(super) fn read(body: &[u8]) -> Result<String, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "the version is not text")?.trim();
    if text.starts_with('{') {
        let document: Document =
            serde_json::from_str(text).map_err(|_| "the answer is not JSON with a text `version`")?;
        return Ok(document.version.trim().to_owned());
    }
    if text.is_empty() {
        return Err("the answer is empty, expected a version");
    }
    if text.chars().any(char::is_control) {
        return Err("the answer is more than one line, expected a version");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        fn check(body: &[u8], expected: Result<&str, ()>) {
            let read = read(body);
            assert_eq!(read.as_deref().map_err(|_| ()), expected, "{body:?}");
        }
        check(b"2.0.0", Ok("2.0.0"));
        check(b" 2.0.0\r\n", Ok("2.0.0"));
        check(br#"{"version": "2.0.0", "uptime": 7}"#, Ok("2.0.0"));
        check(br#"{"version": 2}"#, Err(()));
        check(br#"{"versio"#, Err(()));
        check(b"", Err(()));
        check(b"\xff\xfe", Err(()));
        check(b"<html>\n</html>", Err(()));
    }
}
