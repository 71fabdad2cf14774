//! The digest that a push announces: `Repr-Digest` of RFC 9530.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Headers;

/// The `sha-256` member of the `Repr-Digest` field: a structured dictionary, the value bytes between colons in base64.
///
/// `None` when there is none, `Some(None)` when there is one that is not 32 bytes in base64 and so matches nothing.
#[expect(clippy::option_option, reason = "not given and not readable lead to different answers")]
pub(super) fn announced(headers: &Headers) -> Option<Option<[u8; 32]>> {
    let mut members = headers.get_all("repr-digest").flat_map(|value| value.split(',')).map(str::trim);
    let value = members.find_map(|member| member.strip_prefix("sha-256="))?;
    let value = value.split(';').next().unwrap_or_default().trim();
    let inner = value.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    Some(inner.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| bytes.try_into().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<Option<[u8; 32]>>) {
        let headers: Headers = [("Repr-Digest", value)].into_iter().collect();
        assert_eq!(announced(&headers), expected, "{value}");
    }

    #[test]
    fn members_are_found_and_read() {
        let zeros = format!("sha-256=:{}:", STANDARD.encode([0; 32]));
        check(&zeros, Some(Some([0; 32])));
        check(&format!("sha-512=:AAAA:, {zeros};x=1"), Some(Some([0; 32])));
        check("sha-512=:AAAA:", None);
        check("sha-256=:AAAA:", Some(None));
        check("sha-256=AAAA", Some(None));
        check("sha-256=:!:", Some(None));
        check("sha-256=:", Some(None));
        assert_eq!(announced(&Headers::default()), None);
    }
}
