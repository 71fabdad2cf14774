//! What an answer told of its vendor's limits.

use std::time::Duration;

use http::HeaderMap;
use steadfast_clock::UnixNanos;
use steadfast_pool::backoff::retry_after;
use steadfast_pool::ratelimit::Observed;

use super::reset::reset_in;
use super::table::{LimitHeader, LimitTable};

/// The most limits of a table.
pub(super) const MOST_LIMITS: usize = 16;

/// What an answer told: of each limit of a table, and when to come back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heard {
    /// What was told, with the number of the limit in its table.
    pub limits: Vec<(usize, Observed)>,
    /// When to come back.
    pub retry_after: Option<Duration>,
}

impl Heard {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { limits: Vec::new(), retry_after: None }
    }

    /// Adds what was told of the limit with this number.
    #[must_use]
    pub fn limit(mut self, number: usize, told: Observed) -> Self {
        self.limits.push((number, told));
        self
    }

    /// Sets when to come back.
    #[must_use]
    pub const fn retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }
}

impl LimitTable {
    /// Reads what the headers of an answer tell; also those that are told inside of an error.
    ///
    /// Dates are read relative to the answer's own `Date`, and to `now` where there is none that can be read. When to
    /// come back is in `retry-after-ms`, `x-ms-retry-after-ms` or `Retry-After`, in this order. What cannot be read is as
    /// if it were not there, and so is a limit of 0.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_clock::UnixNanos;
    /// use steadfast_providers::admission::{LimitTable, Observed};
    ///
    /// let headers = [
    ///     ("x-ratelimit-limit-tokens", "30000"),
    ///     ("x-ratelimit-remaining-tokens", "4735"),
    ///     ("x-ratelimit-reset-tokens", "50.529s"),
    /// ];
    /// let heard = LimitTable::OPENAI.read(headers, UnixNanos::EPOCH);
    /// let tokens = Observed::new().limit(30_000).remaining(4_735).resets_in(Duration::from_millis(50_529));
    /// assert_eq!(heard.limits, [(1, tokens)]);
    /// ```
    #[must_use]
    pub fn read<'h>(&self, headers: impl IntoIterator<Item = (&'h str, &'h str)>, now: UnixNanos) -> Heard {
        Columns::of(self).read(headers, now)
    }

    /// As [`read`](Self::read), of an answer's headers.
    #[must_use]
    pub fn read_map(&self, headers: &HeaderMap, now: UnixNanos) -> Heard {
        Columns::of(self).read_map(headers, now)
    }
}

/// The headers of a table, taken apart once for many answers.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    /// What all of their names begin with, whatever the case.
    stem: Box<str>,
}

/// What is before and after the part of the name that differs.
#[derive(Debug)]
struct Column {
    before: Box<str>,
    after: Box<str>,
}

impl Column {
    /// Which of the three a header of this name is, if it is one; names are compared whatever their case.
    fn part<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (head, rest) = name.split_at_checked(self.before.len())?;
        if !head.eq_ignore_ascii_case(&self.before) {
            return None;
        }
        let (part, tail) = rest.split_at_checked(rest.len().checked_sub(self.after.len())?)?;
        tail.eq_ignore_ascii_case(&self.after).then_some(part)
    }
}

impl Columns {
    pub(super) fn of(table: &LimitTable) -> Self {
        let column = |row: &LimitHeader| {
            // A name without a part that differs is no limit's.
            let (before, after) = row.header.split_once("{}").unwrap_or((&row.header, "\n"));
            Column { before: Box::from(before), after: Box::from(after) }
        };
        let columns: Vec<Column> = table.headers.iter().take(MOST_LIMITS).map(column).collect();
        let mut names = columns.iter().map(|column| &*column.before);
        let first = names.next().unwrap_or_default();
        let stem = names.fold(first, |stem, name| &stem[..in_common(stem, name)]);
        Self { stem: Box::from(stem), columns }
    }

    /// Whether a header of this name can be one of a limit.
    fn is_stem_of(&self, name: &str) -> bool {
        let head = name.as_bytes().get(..self.stem.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(self.stem.as_bytes()))
    }

    /// Whether headers tell of a limit, or when to come back. Most answers tell neither.
    pub(super) fn concern(&self, headers: &HeaderMap) -> bool {
        let comes_back = |name: &str| matches!(name, "retry-after" | "retry-after-ms" | "x-ms-retry-after-ms");
        headers.keys().any(|name| {
            let name = name.as_str();
            (!self.columns.is_empty() && self.is_stem_of(name)) || comes_back(name)
        })
    }

    pub(super) fn read<'h>(&self, headers: impl IntoIterator<Item = (&'h str, &'h str)>, now: UnixNanos) -> Heard {
        let mut told = [Observed::new(); MOST_LIMITS];
        let mut resets = [None; MOST_LIMITS];
        let (mut date, mut after_ms, mut azure, mut after) = (None, None, None, None);
        for (name, value) in headers {
            let value = value.trim();
            let columns = if self.is_stem_of(name) { &*self.columns } else { &[] };
            for ((column, told), reset) in columns.iter().zip(&mut told).zip(&mut resets) {
                match column.part(name) {
                    Some(part) if part.eq_ignore_ascii_case("limit") => {
                        told.limit = told.limit.or_else(|| whole(value)).filter(|limit| *limit > 0);
                    }
                    Some(part) if part.eq_ignore_ascii_case("remaining") => {
                        told.remaining = told.remaining.or_else(|| left(value));
                    }
                    Some(part) if part.eq_ignore_ascii_case("reset") => *reset = reset.or(Some(value)),
                    _ => {}
                }
            }
            match name {
                name if name.eq_ignore_ascii_case("date") => date = date.or(Some(value)),
                name if name.eq_ignore_ascii_case("retry-after") => after = after.or(Some(value)),
                name if name.eq_ignore_ascii_case("retry-after-ms") => after_ms = after_ms.or(Some(value)),
                name if name.eq_ignore_ascii_case("x-ms-retry-after-ms") => azure = azure.or(Some(value)),
                _ => {}
            }
        }
        // A date, read relative to the epoch, is the time since the epoch.
        let sent = date.and_then(|date| retry_after::parse(date, UnixNanos::EPOCH));
        let now = sent.map_or(now, |sent| UnixNanos::EPOCH.saturating_add(sent));
        for (told, reset) in told.iter_mut().zip(resets) {
            told.resets_in = reset.and_then(|reset| reset_in(reset, now));
        }
        Heard {
            limits: told.into_iter().enumerate().filter(|(_, told)| *told != Observed::new()).collect(),
            retry_after: after_ms
                .and_then(retry_after::parse_ms)
                .or_else(|| azure.and_then(retry_after::parse_ms))
                .or_else(|| after.and_then(|after| retry_after::parse(after, now))),
        }
    }

    pub(super) fn read_map(&self, headers: &HeaderMap, now: UnixNanos) -> Heard {
        self.read(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))), now)
    }
}

/// How many bytes two names begin with alike, whatever the case; a part of a letter is none.
fn in_common(one: &str, other: &str) -> usize {
    let alike = one.chars().zip(other.chars()).take_while(|(one, other)| one.eq_ignore_ascii_case(other));
    alike.map(|(one, _)| one.len_utf8()).sum()
}

/// A whole number; one that is written with decimals is rounded down.
fn whole(value: &str) -> Option<u64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(fraction) { whole.parse().ok() } else { None }
}

/// What is left; less than nothing is nothing.
fn left(value: &str) -> Option<u64> {
    match value.strip_prefix('-') {
        Some(debt) => whole(debt).map(|_| 0),
        None => whole(value),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn headers(names: &[&str]) -> HeaderMap {
        let header = |name: &&str| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_static("7"));
        names.iter().map(header).collect()
    }

    #[test]
    fn headers_of_limits_and_of_waits_are_looked_into() {
        let openai = Columns::of(&LimitTable::OPENAI);
        assert_eq!(&*openai.stem, "x-ratelimit-");
        for name in ["x-ratelimit-limit-tokens", "retry-after", "retry-after-ms", "x-ms-retry-after-ms"] {
            assert!(openai.concern(&headers(&["date", name])), "{name}");
        }
        assert!(!openai.concern(&headers(&["date", "x-request-id", "content-type", "x-ratelimi"])));
        assert!(Columns::of(&LimitTable::ANTHROPIC).concern(&headers(&["anthropic-ratelimit-requests-limit"])));
    }

    proptest! {
        /// Headers that are not looked into would have told nothing.
        #[test]
        fn what_is_passed_over_tells_nothing(
            names in prop::collection::vec(
                "(date|retry-after(-ms)?|x-ms-retry-after-ms|(x-|anthropic-)?ratelimit-(limit|remaining|reset)-(requests|tokens)|[a-z]{1,8})",
                0..6,
            ),
        ) {
            let headers = headers(&names.iter().map(String::as_str).collect::<Vec<_>>());
            for table in [LimitTable::OPENAI, LimitTable::ANTHROPIC, LimitTable::COMMON] {
                let columns = Columns::of(&table);
                let heard = columns.read_map(&headers, UnixNanos::EPOCH);
                prop_assert!(columns.concern(&headers) || heard == Heard::new());
            }
        }
    }
}
