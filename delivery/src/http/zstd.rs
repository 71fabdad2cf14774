//! Compressed uploads: whether a device takes them.

use http::{HeaderMap, Method, header};

use super::HttpPush;
use super::exchange::Order;
use crate::device::{Device, endpoint};
use crate::failure::Stage;
use crate::push::PushContext;

/// Whether artifacts are sent compressed, with `Content-Encoding: zstd`
/// ([RFC 8878](https://www.rfc-editor.org/rfc/rfc8878)).
///
/// An artifact is compressed once for all devices, when the first of them is to get it so, into a temporary file without a
/// name: that costs its time and disk space once, no memory for each device, and length and `Content-Digest` are known.
/// `Repr-Digest` stays the digest of the artifact, which is what a device ends up with. Where compressing gains nothing, or
/// there is no room for it, the artifact is sent as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Zstd {
    /// Never.
    #[default]
    Never,
    /// To devices that say so: that answer `OPTIONS` on the update path with `Accept-Encoding: zstd`
    /// ([RFC 7694](https://www.rfc-editor.org/rfc/rfc7694)). They are asked once for each push.
    IfOffered,
    /// To all devices.
    Always,
}

impl Zstd {
    pub(super) async fn is_wanted(self, push: &HttpPush, context: &PushContext, device: &Device) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::IfOffered => {
                let url = endpoint(device.address(), &push.update_path);
                let order = Order::new(Stage::Pushing, Method::OPTIONS, url).once(true);
                // Who does not answer that may take the artifact all the same.
                push.send(context, device, order).await.is_ok_and(|(answer, _)| offers_zstd(answer.headers()))
            }
        }
    }
}

/// Whether zstd is among the accepted codings, not weighed with zero (RFC 9110, section 12.5.3).
fn offers_zstd(headers: &HeaderMap) -> bool {
    let listed = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = listed.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("zstd"));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0))
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_read_as_the_standard_says() {
        for (value, expected) in [
            ("zstd", true),
            ("gzip, ZSTD;q=0.5", true),
            ("gzip;q=1, zstd ; q=1.0", true),
            ("zstd;q=0", false),
            ("gzip, zstd;q=0.000", false),
            ("gzip", false),
            ("xzstd", false),
            ("*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(offers_zstd(&headers), expected, "{value:?}");
        }
    }
}
