//! Answers as they are kept: a head of lines, and the body as it came.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{
    AGE, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use steadfast_clock::UnixNanos;

use super::directives::parts;
use super::{Directives, Moments, Use, freshness};

/// What all answers of one URL have in common. Without it, none of them is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Another one makes all answers from before unfindable.
    pub(crate) generation: u64,
    /// The names of the request's headers that they depend on.
    pub(crate) varies: Vec<String>,
}

impl Index {
    pub(crate) fn to_bytes(&self) -> Bytes {
        format!("{:016x} {}", self.generation, self.varies.join(",")).into()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (generation, names) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
        let varies = names.split(',').filter(|name| !name.is_empty()).map(String::from).collect();
        Some(Self { generation: u64::from_str_radix(generation, 16).ok()?, varies })
    }
}

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) moments: Moments,
    pub(crate) body: Bytes,
}

impl Kept {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, moments: Moments, body: Bytes) -> Self {
        Self { status, headers: storable(headers), moments, body }
    }

    /// As one piece of bytes.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(self.body.len() + 512);
        let Moments { asked, came } = self.moments;
        let first = format!("{} {} {}\n", self.status.as_u16(), asked.as_nanos(), came.as_nanos());
        bytes.put_slice(first.as_bytes());
        for (name, value) in &self.headers {
            // Neither a name nor a value can hold the end of a line.
            bytes.put_slice(name.as_str().as_bytes());
            bytes.put_u8(b':');
            bytes.put_slice(value.as_bytes());
            bytes.put_u8(b'\n');
        }
        bytes.put_u8(b'\n');
        bytes.put_slice(&self.body);
        bytes.freeze()
    }

    /// What was kept; `None` for bytes that are none of ours. The body is not copied.
    pub(crate) fn read(bytes: &Bytes) -> Option<Self> {
        let mut at = 0;
        let mut line = || {
            let end = at + memchr::memchr(b'\n', &bytes[at..])?;
            let line = &bytes[at..end];
            at = end + 1;
            Some(line)
        };
        let mut first = std::str::from_utf8(line()?).ok()?.split(' ');
        let status = StatusCode::from_bytes(first.next()?.as_bytes()).ok()?;
        let mut moment = || Some(UnixNanos::from_nanos(first.next()?.parse().ok()?));
        let moments = Moments { asked: moment()?, came: moment()? };
        let mut headers = HeaderMap::new();
        loop {
            let line = line()?;
            if line.is_empty() {
                break;
            }
            let colon = memchr::memchr(b':', line)?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            headers.append(name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?);
        }
        Some(Self { status, headers, moments, body: bytes.slice(at..) })
    }

    /// The headers that ask whether it is still right; `None` when it cannot be asked.
    pub(crate) fn conditions(&self) -> Option<HeaderMap> {
        let mut conditions = HeaderMap::new();
        if let Some(tag) = self.headers.get(ETAG) {
            conditions.insert(http::header::IF_NONE_MATCH, tag.clone());
        }
        if let Some(date) = self.headers.get(LAST_MODIFIED) {
            conditions.insert(http::header::IF_MODIFIED_SINCE, date.clone());
        }
        (!conditions.is_empty()).then_some(conditions)
    }

    /// The same answer, which a 304 has called right (section 4.3.4); `None` when it speaks of another one.
    pub(crate) fn freshened(&self, headers: &HeaderMap, moments: Moments) -> Option<Self> {
        let weak = |tag: &HeaderValue| tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes()).to_vec();
        if let (Some(theirs), ours) = (headers.get(ETAG), self.headers.get(ETAG)) {
            if ours.map(weak) != Some(weak(theirs)) {
                return None;
            }
        }
        let mut kept = self.clone();
        kept.moments = moments;
        // The age of before is not that of now.
        kept.headers.remove(AGE);
        let new = storable(headers);
        let of_the_body = [&CONTENT_ENCODING, &CONTENT_LENGTH, &CONTENT_RANGE, &CONTENT_TYPE];
        for name in new.keys().filter(|name| !of_the_body.contains(name)) {
            kept.headers.remove(name);
            for value in new.get_all(name) {
                kept.headers.append(name, value.clone());
            }
        }
        Some(kept)
    }

    pub(crate) fn usable(&self, asked: &Directives, now: UnixNanos) -> Use {
        freshness::usable(&self.headers, self.moments, asked, now)
    }

    pub(crate) fn may_stand_in(&self, asked: &Directives, now: UnixNanos) -> bool {
        freshness::may_stand_in(&self.headers, self.moments, asked, now)
    }

    pub(crate) fn age(&self, now: UnixNanos) -> std::time::Duration {
        freshness::age(&self.headers, self.moments, now)
    }
}

/// What is kept of an answer's headers: not those of its connection (section 3.1).
fn storable(headers: &HeaderMap) -> HeaderMap {
    const OF_THE_CONNECTION: [&str; 9] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let mut kept = headers.clone();
    for value in headers.get_all(CONNECTION) {
        for name in parts(value.as_bytes()).filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok()) {
            kept.remove(name);
        }
    }
    OF_THE_CONNECTION.iter().for_each(|name| drop(kept.remove(*name)));
    kept
}
