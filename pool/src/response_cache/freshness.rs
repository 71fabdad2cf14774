//! What may be kept, how old it is, and whether it may be used (RFC 9111, sections 3 and 4): functions of headers and times.

use std::time::{Duration, SystemTime};

use http::header::{AGE, DATE, ETAG, EXPIRES, LAST_MODIFIED, VARY};
use http::{HeaderMap, HeaderName};
use steadfast_clock::UnixNanos;

use super::Directives;
use super::directives::seconds;

/// When an answer was asked for, and when its head came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moments {
    pub(crate) asked: UnixNanos,
    pub(crate) came: UnixNanos,
}

/// What may be done with a kept answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Given: it is fresh.
    Fresh,
    /// Given, though it is not fresh: the request takes it.
    Stale,
    /// Given, though it is not fresh, and asked for anew meanwhile.
    Meanwhile,
    /// Asked for first.
    Ask,
}

/// The statuses that are kept: those that are cacheable by default (RFC 9110, section 15.1), but for parts.
const KEPT: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// Whether an answer may be kept, and whether that is of any use.
pub(crate) fn may_keep(asked: &Directives, status: u16, headers: &HeaderMap) -> bool {
    let said = Directives::of(headers);
    let of_use = lifetime(headers, &said, UnixNanos::from_secs(0)).is_some() || has_validator(headers);
    !asked.no_store && !said.no_store && KEPT.contains(&status) && of_use && !varies_by_all(headers)
}

pub(super) fn has_validator(headers: &HeaderMap) -> bool {
    headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED)
}

fn varies_by_all(headers: &HeaderMap) -> bool {
    headers
        .get_all(VARY)
        .iter()
        .any(|value| super::directives::parts(value.as_bytes()).any(|name| name.trim_ascii() == b"*"))
}

/// For how long it is fresh, where that is said (section 4.2.1); what cannot be read is over.
fn lifetime(headers: &HeaderMap, said: &Directives, came: UnixNanos) -> Option<Duration> {
    if said.max_age.is_some() {
        return said.max_age;
    }
    let mut all = headers.get_all(EXPIRES).iter();
    let expires = all.next()?.to_str().ok().and_then(date);
    // Of several, none is believed.
    let expires = expires.filter(|_| all.next().is_none());
    Some(expires.map_or(Duration::ZERO, |expires| expires.since(date_of(headers).unwrap_or(came))))
}

/// How old it is at `now` (section 4.2.3).
pub(crate) fn age(headers: &HeaderMap, moments: Moments, now: UnixNanos) -> Duration {
    let Moments { asked, came } = moments;
    let apparent = date_of(headers).map_or(Duration::ZERO, |date| came.since(date));
    let told = text(headers, &AGE).and_then(|age| seconds(age.trim().as_bytes())).unwrap_or_default();
    let corrected = told.saturating_add(came.since(asked));
    apparent.max(corrected).saturating_add(now.since(came))
}

/// What may be done with a kept answer at `now`, for a request that says `asked`.
pub(crate) fn usable(headers: &HeaderMap, moments: Moments, asked: &Directives, now: UnixNanos) -> Use {
    let said = Directives::of(headers);
    if asked.no_cache || said.no_cache {
        return Use::Ask;
    }
    let lifetime = lifetime(headers, &said, moments.came).unwrap_or_default();
    let age = age(headers, moments, now);
    if asked.max_age.is_some_and(|most| age > most) {
        return Use::Ask;
    }
    let fresh = age < lifetime;
    if asked.min_fresh.is_some_and(|least| lifetime.saturating_sub(age) < least) {
        return Use::Ask;
    }
    let stale = age.saturating_sub(lifetime);
    if fresh {
        Use::Fresh
    } else if said.must_revalidate {
        Use::Ask
    } else if asked.max_stale.is_some_and(|most| stale <= most) {
        Use::Stale
    } else if asked.max_age.is_none() && said.stale_while_revalidate.is_some_and(|window| stale < window) {
        Use::Meanwhile
    } else {
        Use::Ask
    }
}

/// Whether it may be given although the server could not be asked (RFC 5861, section 4).
pub(crate) fn may_stand_in(headers: &HeaderMap, moments: Moments, asked: &Directives, now: UnixNanos) -> bool {
    let said = Directives::of(headers);
    let stale = age(headers, moments, now).saturating_sub(lifetime(headers, &said, moments.came).unwrap_or_default());
    let window = asked.stale_if_error.or(said.stale_if_error);
    !said.must_revalidate && !said.no_cache && !asked.no_cache && window.is_some_and(|window| stale < window)
}

fn date_of(headers: &HeaderMap) -> Option<UnixNanos> {
    date(text(headers, &DATE)?)
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn date(text: &str) -> Option<UnixNanos> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Some(UnixNanos::from_secs(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()))
}

#[cfg(test)]
mod tests;
