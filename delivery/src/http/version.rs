//! Reading out of a device's answer what it runs: a version as plain text or in JSON, and a digest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::pointer::Pointer;

/// Where version and digest stand in the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Of the version. `None`: the whole answer, or `version` of an object.
    pub(super) version: Option<Pointer>,
    /// Of the digest; `None`: it is not compared.
    pub(super) digest: Option<Pointer>,
}

/// What a device says it runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Runs {
    pub(super) version: String,
    pub(super) digest: Option<Digest>,
}

/// A SHA-256, as far as it can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digest(Option<[u8; 32]>);

impl Digest {
    /// Reads hexadecimal digits, with or without `sha256:` before them, or the form of RFC 9530.
    fn read(text: &str) -> Self {
        let text = text.trim();
        let bytes = match text.strip_prefix("sha-256=:").and_then(|rest| rest.strip_suffix(':')) {
            Some(encoded) => STANDARD.decode(encoded).ok(),
            None => unhex(text.strip_prefix("sha256:").unwrap_or(text)),
        };
        Self(bytes.and_then(|bytes| bytes.try_into().ok()))
    }

    pub(super) fn is(&self, sha256: &[u8; 32]) -> bool {
        self.0.as_ref() == Some(sha256)
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    if digits.len() % 2 != 0 {
        return None;
    }
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

impl Layout {
    /// What the device runs. The refusal says what is wrong, without quoting the answer.
    pub(super) fn read(&self, body: &[u8]) -> Result<Runs, String> {
        let text = std::str::from_utf8(body).map_err(|_| "the version is not text")?.trim();
        if self.version.is_none() && self.digest.is_none() && !text.starts_with('{') {
            return plain(text).map(|version| Runs { version, digest: None }).map_err(str::to_owned);
        }
        let document: Value = serde_json::from_str(text).map_err(|_| self.not_json())?;
        let version = match &self.version {
            Some(pointer) => pointer.text(&document).ok_or_else(|| absent(pointer))?,
            None => document.get("version").and_then(Value::as_str).ok_or_else(|| self.not_json())?,
        };
        let digest = self.digest.as_ref().map(|pointer| pointer.text(&document).ok_or_else(|| absent(pointer)));
        Ok(Runs { version: version.trim().to_owned(), digest: digest.transpose()?.map(Digest::read) })
    }

    fn not_json(&self) -> String {
        match &self.version {
            Some(pointer) => format!("the answer is not JSON, expected a text at `{}`", pointer.as_str()),
            None => String::from("the answer is not JSON with a text `version`"),
        }
    }
}

fn absent(pointer: &Pointer) -> String {
    format!("the answer is JSON without a text at `{}`", pointer.as_str())
}

fn plain(text: &str) -> Result<String, &'static str> {
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
    use crate::artifact::Artifact;

    fn layout(version: Option<&str>, digest: Option<&str>) -> Layout {
        let pointer = |text: &str| Pointer::parse(text).unwrap();
        Layout { version: version.map(pointer), digest: digest.map(pointer) }
    }

    #[test]
    fn versions_are_read() {
        fn check(body: &[u8], expected: Result<&str, ()>) {
            let read = Layout::default().read(body).map(|runs| runs.version);
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

    #[test]
    fn versions_are_read_where_the_pointer_says() {
        fn check(body: &str, expected: Result<&str, &str>) {
            let read = layout(Some("/slots/0/fw"), None).read(body.as_bytes()).map(|runs| runs.version);
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{body:?}");
        }
        check(r#"{"version": "1", "slots": [{"fw": " 2.0.0 "}]}"#, Ok("2.0.0"));
        check("[1, 2]", Err("the answer is JSON without a text at `/slots/0/fw`"));
        check(r#"{"slots": [{"fw": 2}]}"#, Err("the answer is JSON without a text at `/slots/0/fw`"));
        check("2.0.0", Err("the answer is not JSON, expected a text at `/slots/0/fw`"));
        check("", Err("the answer is not JSON, expected a text at `/slots/0/fw`"));
    }

    #[test]
    fn digests_are_read_in_three_forms() {
        let sha256: [u8; 32] = *Artifact::from_bytes("x").digest();
        let hex = crate::artifact::hex(&sha256);
        let forms = [
            hex.clone(),
            hex.to_uppercase(),
            format!("sha256:{hex}"),
            format!("sha-256=:{}:", STANDARD.encode(sha256)),
        ];
        for form in forms {
            let body = serde_json::json!({ "version": "2", "sha": form }).to_string();
            let runs = layout(None, Some("/sha")).read(body.as_bytes()).unwrap();
            assert!(runs.version == "2" && runs.digest.unwrap().is(&sha256), "{form}");
        }
        for wrong in ["", "00", &hex[1..], "sha-256=:AA:", &"é".repeat(32), "+0+1"] {
            assert!(!Digest::read(wrong).is(&sha256), "{wrong}");
        }
        let absent = layout(None, Some("/sha")).read(br#"{"version": "2"}"#).unwrap_err();
        assert_eq!(absent, "the answer is JSON without a text at `/sha`");
    }
}
