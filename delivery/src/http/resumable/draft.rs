//! The words of the IETF's [resumable uploads](https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/),
//! version 12 of the draft.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use url::Url;

use super::fields::{boolean, integer, members, pair, text};
use super::heard::{At, Created, Heard, Limits};
use super::upload::Ask;

const INTEROP_VERSION: HeaderName = HeaderName::from_static("upload-draft-interop-version");
const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_LIMIT: &str = "upload-limit";

/// What a device accepts in a PATCH of an upload.
pub(super) const PARTIAL_UPLOAD: &str = "application/partial-upload";

/// The headers of a request.
pub(super) fn headers(ask: &Ask, len: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(INTEROP_VERSION, HeaderValue::from_static("8"));
    match ask {
        Ask::Create => {
            headers.insert(UPLOAD_COMPLETE, HeaderValue::from_static("?0"));
            headers.insert(UPLOAD_LENGTH, HeaderValue::from(len));
        }
        Ask::Offset { .. } => {}
        Ask::Append { from, last, .. } => {
            headers.insert(UPLOAD_OFFSET, HeaderValue::from(*from));
            headers.insert(UPLOAD_COMPLETE, HeaderValue::from_static(if *last { "?1" } else { "?0" }));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PARTIAL_UPLOAD));
        }
    }
    headers
}

/// What an answer says.
pub(super) fn hear(
    ask: &Ask,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    resolve: impl Fn(&str) -> Option<Url>,
) -> Heard {
    let (limits, expires_in) = limits(headers).unwrap_or_default();
    let at = || At {
        offset: integer(headers, UPLOAD_OFFSET.as_str()),
        complete: boolean(headers, UPLOAD_COMPLETE.as_str()),
        length: integer(headers, UPLOAD_LENGTH.as_str()),
        expires_in,
    };
    match (ask, status) {
        (Ask::Create, 200..=299) => Heard::Created(Created {
            url: text(headers, header::LOCATION.as_str()).and_then(resolve),
            offset: integer(headers, UPLOAD_OFFSET.as_str()),
            limits,
            expires_in,
        }),
        (Ask::Offset { .. } | Ask::Append { .. }, 200..=299) => Heard::At(at()),
        // Everything was there, and what was to be made of it failed: the upload is of no use any more.
        (Ask::Append { .. }, 429 | 500..=599) if at().complete == Some(true) => Heard::Spoilt,
        (Ask::Append { .. }, _) if at().complete == Some(true) => Heard::Refused,
        (_, 429 | 500..=599) => Heard::Failed,
        (Ask::Create, _) => Heard::Refused,
        (Ask::Append { .. }, 409) => Heard::Mismatch,
        (Ask::Append { .. }, 400) => match problem(body) {
            // It is done, and we were not told: the offset and the completeness can still be asked for.
            Some(Problem::CompletedUpload | Problem::MismatchingOffset) => Heard::Mismatch,
            _ => Heard::Refused,
        },
        (Ask::Append { .. }, 413) => Heard::TooLarge(limits),
        (_, 404 | 410) => Heard::Gone,
        _ => Heard::Refused,
    }
}

/// `Upload-Limit`, and the time that the upload is kept. None when there is none, or a known member is not a number:
/// then the whole field is to be ignored.
pub(super) fn limits(headers: &HeaderMap) -> Option<(Limits, Option<Duration>)> {
    let (mut limits, mut age) = (Limits::default(), None);
    let members = members(headers, UPLOAD_LIMIT);
    if members.is_empty() {
        return None;
    }
    for member in members {
        let (key, value) = pair(member);
        match key {
            "max-size" => limits.largest = Some(value?),
            "min-size" => limits.smallest = Some(value?),
            "max-append-size" => limits.most = Some(value?),
            "min-append-size" => limits.least = Some(value?),
            "max-age" => age = Some(Duration::from_secs(value?)),
            _ => {}
        }
    }
    Some((limits, age))
}

/// What an answer of `application/problem+json` (RFC 9457) is about, if it is about uploads.
enum Problem {
    MismatchingOffset,
    CompletedUpload,
}

fn problem(body: &[u8]) -> Option<Problem> {
    #[derive(Deserialize)]
    struct Document {
        r#type: String,
    }
    let document: Document = serde_json::from_slice(body).ok()?;
    match document.r#type.rsplit('#').next()? {
        "mismatching-upload-offset" => Some(Problem::MismatchingOffset),
        "completed-upload" => Some(Problem::CompletedUpload),
        _ => None,
    }
}
