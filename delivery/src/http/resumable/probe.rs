//! What a device's answer to `OPTIONS` says of the uploads that it takes.

use http::HeaderMap;

use super::fields::{integer, members};
use super::heard::Limits;
use super::{Protocol, draft};

/// What a device speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Offer {
    /// None is a plain POST.
    pub(super) protocol: Option<Protocol>,
    pub(super) limits: Limits,
    /// Whether it checks the SHA-256 of what is sent at a time.
    pub(super) checks: bool,
}

/// Reads a 2xx. A device that offers both protocols is spoken to by the older one, which is no draft.
pub(super) fn read(headers: &HeaderMap) -> Offer {
    let lists = |name: &str, wanted: &str| members(headers, name).iter().any(|one| one.eq_ignore_ascii_case(wanted));
    if lists("tus-version", "1.0.0") && lists("tus-extension", "creation") {
        let limits = Limits { largest: integer(headers, "tus-max-size"), ..Limits::default() };
        let checks = lists("tus-extension", "checksum") && lists("tus-checksum-algorithm", "sha256");
        return Offer { protocol: Some(Protocol::Tus), limits, checks };
    }
    let patch = members(headers, "accept-patch");
    let accepted =
        |kind: &&str| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(draft::PARTIAL_UPLOAD);
    let limits = draft::limits(headers).map(|(limits, _)| limits);
    if patch.iter().any(accepted) || limits.is_some() {
        return Offer { protocol: Some(Protocol::Draft), limits: limits.unwrap_or_default(), checks: false };
    }
    Offer::default()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn offers_are_read() {
        fn check(fields: &[(&'static str, &'static str)], expected: Offer) {
            let field = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            assert_eq!(read(&fields.iter().map(field).collect()), expected, "{fields:?}");
        }
        let tus = Offer { protocol: Some(Protocol::Tus), ..Offer::default() };
        let draft = Offer { protocol: Some(Protocol::Draft), ..Offer::default() };
        check(&[], Offer::default());
        check(&[("tus-version", "1.0.0,0.2.2"), ("tus-extension", "creation,expiration")], tus);
        check(&[("tus-version", "1.0.0"), ("tus-extension", "termination")], Offer::default());
        check(&[("tus-version", "0.2.2"), ("tus-extension", "creation")], Offer::default());
        let max = ("tus-max-size", "1000");
        let sums = ("tus-checksum-algorithm", "md5,sha1,sha256");
        let limits = Limits { largest: Some(1000), ..Limits::default() };
        check(
            &[("tus-version", "1.0.0"), ("tus-extension", "creation,checksum"), max, sums],
            Offer { limits, checks: true, ..tus },
        );
        check(&[("tus-version", "1.0.0"), ("tus-extension", "creation"), sums], tus);
        check(&[("accept-patch", "text/plain, application/partial-upload")], draft);
        check(&[("accept-patch", "*/*")], Offer::default());
        let limits = Limits { largest: Some(5), most: Some(2), ..Limits::default() };
        check(&[("upload-limit", "max-size=5, max-append-size=2;x=1, other=\"a,b\"")], Offer { limits, ..draft });
        check(&[("upload-limit", "max-size=?1")], Offer::default());
        let both =
            [("tus-version", "1.0.0"), ("tus-extension", "creation"), ("accept-patch", "application/partial-upload")];
        check(&both, tus);
    }
}
