//! The report as a text of aligned columns.

mod human;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{CallReport, Latency};
use human::{count, money, percent, share, size, time};

/// One block of counts, then a table of times.
impl fmt::Display for CallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = self.succeeded.saturating_add(self.failed);
        let looks = self.cache_hits.saturating_add(self.cache_misses);
        line(f, "requests", &count(self.requests))?;
        line(f, "  succeeded", &format!("{} ({})", count(self.succeeded), percent(self.succeeded, ended)))?;
        line(f, "  failed", &count(self.failed))?;
        line(f, "  cancelled", &count(self.cancelled))?;
        line(f, "  active", &self.active.to_string())?;
        line(f, "final status", &statuses(&self.final_status))?;
        line(f, "attempts", &count(self.attempts))?;
        line(f, "retries", &count(self.retries))?;
        line(f, "  by status", &statuses(&self.retries_by_status))?;
        line(f, "fallbacks", &count(self.fallbacks))?;
        line(f, "breaker openings", &count(self.breaker_openings))?;
        line(f, "cache hits", &share(self.cache_hits, looks))?;
        line(f, "  saved", &saved(self.tokens_saved, self.money_saved_micros))?;
        line(f, "tokens", &in_and_out(&count(self.tokens_in), &count(self.tokens_out)))?;
        line(f, "bytes", &in_and_out(&size(self.bytes_in), &size(self.bytes_out)))?;
        let heads = ["count", "total", "mean", "p50", "p95", "p99", "max"].map(str::to_owned);
        row(f, "time", &heads)?;
        row(f, "  whole call", &cells(&self.latency))?;
        row(f, "  attempt", &cells(&self.attempt_latency))?;
        row(f, "  retry delay", &cells(&self.retry_delay))?;
        row(f, "  retry-after", &cells(&self.hinted_wait))?;
        row(f, "  rate limit", &cells(&self.limit_wait))
    }
}

/// The width of the first column.
const LABEL: usize = 18;

fn line(f: &mut fmt::Formatter<'_>, label: &str, value: &str) -> fmt::Result {
    writeln!(f, "{label:LABEL$}{value}")
}

fn row(f: &mut fmt::Formatter<'_>, label: &str, cells: &[String; 7]) -> fmt::Result {
    write!(f, "{label:LABEL$}{:>7}", cells[0])?;
    cells[1..].iter().try_for_each(|cell| write!(f, "{cell:>9}"))?;
    writeln!(f)
}

fn cells(latency: &Latency) -> [String; 7] {
    let maybe = |duration: Option<Duration>| duration.map_or_else(|| NOTHING.to_owned(), time);
    let total = (latency.count > 0).then_some(latency.total);
    let number = if latency.count > 0 { count(latency.count) } else { NOTHING.to_owned() };
    [
        number,
        maybe(total),
        maybe(latency.mean),
        maybe(latency.p50),
        maybe(latency.p95),
        maybe(latency.p99),
        maybe(latency.max),
    ]
}

const NOTHING: &str = "-";

/// `200: 12, 503: 1`
fn statuses(by_status: &BTreeMap<u16, u64>) -> String {
    let each: Vec<String> = by_status.iter().map(|(status, n)| format!("{status}: {}", count(*n))).collect();
    if each.is_empty() { NOTHING.to_owned() } else { each.join(", ") }
}

fn in_and_out(into: &str, out: &str) -> String {
    format!("{into} in, {out} out")
}

fn saved(tokens: u64, micros: u64) -> String {
    let tokens = (tokens > 0).then(|| format!("{} tokens", count(tokens)));
    let money = (micros > 0).then(|| format!("{} of money", money(micros)));
    match (tokens, money) {
        (Some(tokens), Some(money)) => format!("{tokens}, {money}"),
        (one, other) => one.or(other).unwrap_or_else(|| NOTHING.to_owned()),
    }
}
