//! Windows as people write them: `02:00-04:00 mon-fri; 0 2 * * sat for 2h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::Window;
use super::pattern::{Pattern, weekdays};
use super::rule::{Begin, End, WindowRule};
use crate::error::{Error, ErrorKind};
use crate::rfc3339;

/// The longest window that opens again and again.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// The longest one that opens once.
const LONGEST_ONCE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl fmt::Display for WindowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for WindowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WindowRule").field(&self.text).finish()
    }
}

/// Its rules; zone and the like are not part of the text.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<&str> = self.rules.iter().map(|rule| rule.text.as_str()).collect();
        f.write_str(&rules.join("; "))
    }
}

impl FromStr for Window {
    type Err = Error;

    /// Reads one rule, or several separated by semicolons.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Window`] when a rule cannot be read or never opens.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text.split(';').map(str::parse).collect::<Result<Vec<WindowRule>, Error>>()?)
    }
}

impl FromStr for WindowRule {
    type Err = Error;

    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Window`] when it cannot be read or never opens.
    fn from_str(text: &str) -> Result<Self, Error> {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        read(&words).map(|(begin, end)| Self { text: printed(&words), begin, end }).map_err(|what| {
            let text: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
            Error::new(ErrorKind::Window, format!("window `{text}`: {what}"))
        })
    }
}

/// The words of a rule, a time of RFC 3339 in its usual capitals.
fn printed(words: &[&str]) -> String {
    let mut text = words.join(" ");
    if words.first().is_some_and(|word| is_date(word)) {
        let first = words.first().map_or(0, |word| word.len());
        let (date, rest) = text.split_at(first);
        text = date.to_uppercase() + rest;
    }
    text
}

fn read(words: &[&str]) -> Result<(Begin, End), String> {
    const FORMS: &str = "give one like `02:00-04:00 mon-fri`, `0 2 * * sat for 2h` or `2026-12-01T02:00 for 4h`";
    let first = words.first().copied().unwrap_or_default();
    if is_date(first) {
        let (start, end) = lasting(words, LONGEST_ONCE)?;
        return match start {
            [at] => Ok((once(at)?, end)),
            _ => Err(format!("one time and a length are needed; {FORMS}")),
        };
    }
    if first.contains(':') {
        return daily(words).map_err(|what| format!("{what}; {FORMS}"));
    }
    let (fields, end) = lasting(words, LONGEST).map_err(|what| format!("{what}; {FORMS}"))?;
    if fields.len() != 5 {
        return Err(format!("cron has five fields, here are {}; {FORMS}", fields.len()));
    }
    Ok((Begin::Often(Pattern::cron(fields)?), end))
}

/// `2026-12-01t02:00`, perhaps with seconds and an offset.
fn once(text: &str) -> Result<Begin, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return rfc3339::unix(at).map(|_| Begin::At(at)).ok_or_else(|| format!("{at} is before 1970 or after 2554"));
    }
    match text.parse::<DateTime>() {
        Ok(local) if (1970..=2554).contains(&local.year()) => Ok(Begin::Local(local)),
        _ => Err(format!("`{text}` is no time")),
    }
}

/// `02:00-04:00 mon-fri`.
fn daily(words: &[&str]) -> Result<(Begin, End), String> {
    let (from, to) = words.first().and_then(|times| times.split_once('-')).ok_or("two times are needed")?;
    let (from, to) = (time(from)?, time(to)?);
    let days = match words {
        [_] | [_, "daily"] => 0x7f,
        [_, days] => weekdays(days)?,
        _ => return Err(String::from("days are one word, such as mon-fri or sat,sun")),
    };
    if from == 24 * 60 {
        return Err(String::from("it begins at 00:00, not at 24:00"));
    }
    let end = match to.cmp(&from) {
        std::cmp::Ordering::Greater => to,
        std::cmp::Ordering::Less => to + 24 * 60,
        std::cmp::Ordering::Equal => return Err(String::from("it ends when it begins; a whole day is 00:00-24:00")),
    };
    Ok((Begin::Often(Pattern::daily(from, days)), End::Clock(end)))
}

/// Minutes since midnight.
fn time(text: &str) -> Result<u32, String> {
    let number = |digits: &str| {
        let all = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let minutes = text.split_once(':').and_then(|(hour, minute)| match (number(hour)?, number(minute)?) {
        (hour @ 0..=23, minute @ 0..=59) => Some(hour * 60 + minute),
        (24, 0) => Some(24 * 60),
        _ => None,
    });
    minutes.ok_or_else(|| format!("`{text}` is no time of day"))
}

/// The words before `for`, and the length after it.
fn lasting<'a, 'b>(words: &'a [&'b str], longest: Duration) -> Result<(&'a [&'b str], End), String> {
    let at = words.iter().position(|word| *word == "for").ok_or("how long is missing: `for 2h`")?;
    let (before, length) = words.split_at(at);
    let length = length.get(1..).unwrap_or_default().join(" ");
    let length = humantime::parse_duration(&length).map_err(|error| format!("length `{length}`: {error}"))?;
    if length < Duration::from_secs(1) || length > longest {
        let days = longest.as_secs() / (24 * 60 * 60);
        return Err(format!("it may be 1 s to {days} days long"));
    }
    Ok((before, End::After(length)))
}

fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() > 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') && bytes.get(10) == Some(&b't')
}
