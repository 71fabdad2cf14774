//! `Cache-Control` (RFC 9111, section 5.2), read so that what is unclear allows less.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

/// What the directives of a request or an answer say, as far as a private cache is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) max_age: Option<Duration>,
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
    pub(crate) max_stale: Option<Duration>,
    pub(crate) min_fresh: Option<Duration>,
}

impl Directives {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        let mut any = false;
        for value in headers.get_all(CACHE_CONTROL) {
            any = true;
            parts(value.as_bytes()).for_each(|part| read.add(part));
        }
        let pragma = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"no-cache");
        read.no_cache |= !any && headers.get_all(PRAGMA).iter().any(pragma);
        read
    }

    fn add(&mut self, part: &[u8]) {
        let mut sides = part.splitn(2, |byte| *byte == b'=');
        let name = sides.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let value = sides.next().map(|value| unquoted(value.trim_ascii()));
        let span = || value.and_then(seconds);
        let shorter = |one: Option<Duration>, other: Duration| Some(one.map_or(other, |one| one.min(other)));
        match name.as_slice() {
            b"no-store" => self.no_store = true,
            b"no-cache" => self.no_cache = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"max-age" => self.max_age = shorter(self.max_age, span().unwrap_or_default()),
            b"stale-while-revalidate" => {
                self.stale_while_revalidate = shorter(self.stale_while_revalidate, span().unwrap_or_default());
            }
            b"stale-if-error" => self.stale_if_error = shorter(self.stale_if_error, span().unwrap_or_default()),
            b"max-stale" => {
                let most = if value.is_none() { LONGEST } else { span().unwrap_or_default() };
                self.max_stale = shorter(self.max_stale, most);
            }
            b"min-fresh" => self.min_fresh = self.min_fresh.max(Some(span().unwrap_or(LONGEST))),
            _ => {}
        }
    }
}

/// The most seconds that are told apart (section 1.2.2).
pub(super) const LONGEST: Duration = Duration::from_secs(1 << 31);

/// Seconds; what is longer than the longest is that.
pub(super) fn seconds(digits: &[u8]) -> Option<Duration> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value =
        digits.iter().try_fold(0_u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    Some(value.map_or(LONGEST, Duration::from_secs).min(LONGEST))
}

/// The parts between commas, those within quotes excepted.
pub(super) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    bytes.split(move |byte| {
        let ends = *byte == b',' && !quoted;
        match *byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        ends
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}
