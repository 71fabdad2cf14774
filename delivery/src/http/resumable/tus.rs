//! The words of [tus 1.0](https://tus.io/protocols/resumable-upload): core, creation, checksum, expiration.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use steadfast_backoff::retry_after;
use steadfast_clock::UnixNanos;
use url::Url;

use super::fields::{integer, text};
use super::heard::{At, Created, Heard, Limits};
use super::upload::Ask;
use crate::push::PushContext;

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");

/// The headers of a request. `digest` is the SHA-256 of what it sends, where the device wants to check it.
pub(super) fn headers(ask: &Ask, context: &PushContext, len: u64, sha256: &str, digest: Option<[u8; 32]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(TUS_RESUMABLE, HeaderValue::from_static("1.0.0"));
    match ask {
        Ask::Create => {
            headers.insert(UPLOAD_LENGTH, HeaderValue::from(len));
            if let Ok(value) = HeaderValue::try_from(metadata(context, sha256)) {
                headers.insert(UPLOAD_METADATA, value);
            }
        }
        Ask::Offset { .. } => {}
        Ask::Append { from, .. } => {
            headers.insert(UPLOAD_OFFSET, HeaderValue::from(*from));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/offset+octet-stream"));
            let checksum = digest.map(|digest| HeaderValue::try_from(format!("sha256 {}", STANDARD.encode(digest))));
            if let Some(Ok(value)) = checksum {
                headers.insert(UPLOAD_CHECKSUM, value);
            }
        }
    }
    headers
}

/// What the device may want to know of the artifact: keys and values in base64.
fn metadata(context: &PushContext, sha256: &str) -> String {
    let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
    let mut pairs = vec![pair("filetype", "application/octet-stream"), pair("sha256", sha256)];
    pairs.extend(context.version.as_ref().map(|version| pair("version", version)));
    pairs.join(",")
}

/// What an answer says.
pub(super) fn hear(
    ask: &Ask,
    status: u16,
    headers: &HeaderMap,
    wall: UnixNanos,
    resolve: impl Fn(&str) -> Option<Url>,
) -> Heard {
    let at = || At {
        offset: integer(headers, UPLOAD_OFFSET.as_str()),
        complete: None,
        length: integer(headers, UPLOAD_LENGTH.as_str()),
        expires_in: expires_in(headers, wall),
    };
    match (ask, status) {
        (_, 429 | 500..=599) => Heard::Failed,
        (Ask::Create, 200..=299) => Heard::Created(Created {
            url: text(headers, header::LOCATION.as_str()).and_then(resolve),
            offset: None,
            limits: Limits::default(),
            expires_in: expires_in(headers, wall),
        }),
        (Ask::Create, _) => Heard::Refused,
        (Ask::Offset { .. }, 200..=299) => Heard::At(at()),
        (Ask::Append { .. }, 200..=299) => match at() {
            At { offset: None, .. } => Heard::Silent,
            at => Heard::At(at),
        },
        // Without an offset, 403 is one of the three ways to say that there is no such upload.
        (Ask::Offset { .. }, 403) | (_, 404 | 410) => Heard::Gone,
        (Ask::Append { .. }, 409) => Heard::Mismatch,
        // Another request has the upload locked, which may be the one of ours that was cut off.
        (_, 423) => Heard::Failed,
        (Ask::Append { .. }, 460) => Heard::Damaged,
        _ => Heard::Refused,
    }
}

/// How long the upload is kept: `Upload-Expires`, read relative to the answer's own date.
fn expires_in(headers: &HeaderMap, wall: UnixNanos) -> Option<Duration> {
    // A bare number would be read as seconds, and is no date.
    let expires = text(headers, "upload-expires").filter(|value| value.contains(' '))?;
    let date = text(headers, header::DATE.as_str()).map(|date| ("date", date));
    retry_after::hint(date.into_iter().chain([("retry-after", expires)]), wall)
}
