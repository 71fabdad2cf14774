//! The digests that a push announces: `Repr-Digest` and `Content-Digest` of RFC 9530.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Headers;

/// The SHA-256 that a field announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announced {
    Sha256([u8; 32]),
    /// Not 32 bytes in base64: it matches nothing.
    Unreadable,
}

/// The `sha-256` member of such a field: a structured dictionary, the value bytes between colons in base64. `None` when
/// there is none.
pub(super) fn announced(headers: &Headers, field: &str) -> Option<Announced> {
    let mut members = headers.get_all(field).flat_map(|value| value.split(',')).map(str::trim);
    let value = members.find_map(|member| member.strip_prefix("sha-256="))?;
    let value = value.split(';').next().unwrap_or_default().trim();
    let inner = value.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let bytes = inner.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| bytes.try_into().ok());
    Some(bytes.map_or(Announced::Unreadable, Announced::Sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<Announced>) {
        let headers: Headers = [("Repr-Digest", value)].into_iter().collect();
        assert_eq!(announced(&headers, "repr-digest"), expected, "{value}");
        assert_eq!(announced(&headers, "content-digest"), None, "{value}");
    }

    #[test]
    fn members_are_found_and_read() {
        let zeros = format!("sha-256=:{}:", STANDARD.encode([0; 32]));
        check(&zeros, Some(Announced::Sha256([0; 32])));
        check(&format!("sha-512=:AAAA:, {zeros};x=1"), Some(Announced::Sha256([0; 32])));
        check("sha-512=:AAAA:", None);
        check("sha-256=:AAAA:", Some(Announced::Unreadable));
        check("sha-256=AAAA", Some(Announced::Unreadable));
        check("sha-256=:!:", Some(Announced::Unreadable));
        check("sha-256=:", Some(Announced::Unreadable));
        assert_eq!(announced(&Headers::default(), "repr-digest"), None);
    }
}
