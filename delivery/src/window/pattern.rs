//! Times of day on days: the five fields of cron.

use jiff::civil::{Date, DateTime};

/// Times that match, to the minute. Never without any: some day matches every eight years.
///
/// Written here, since both moments before and after a time are looked for, on the clocks and not on the line of time;
/// the known crates only go forward, and bring rules of their own for gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Bit 0 is minute 0.
    minutes: u64,
    /// Bit 0 is hour 0.
    hours: u64,
    /// Bit 1 is the first.
    days: u64,
    /// Bit 1 is January.
    months: u64,
    /// Bit 0 is Sunday, as in cron.
    weekdays: u64,
    /// Whether a day of month or a day of week is enough.
    either: bool,
}

/// What the fields of cron are called, and what they take.
const FIELDS: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of month", 1, 31, &[]),
    ("month", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("day of week", 0, 7, &DAYS),
];
const DAYS: [&str; 8] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// The most days from any date to the next that matches: from a 29th of February over 2100 to the next but one.
const FARTHEST: i64 = 8 * 366;

impl Pattern {
    /// Reads five fields of cron.
    pub(super) fn cron(fields: &[&str]) -> Result<Self, String> {
        let mut bits = [0; 5];
        for (at, (bits, (name, low, high, names))) in bits.iter_mut().zip(FIELDS).enumerate() {
            let field = fields.get(at).copied().unwrap_or_default();
            *bits = set(field, low, high, names).map_err(|what| format!("{name} `{field}`: {what}"))?;
        }
        let [minutes, hours, days, months, weekdays] = bits;
        let open = |at: usize| fields.get(at).is_some_and(|field| field.starts_with('*'));
        let either = !open(2) && !open(4);
        let pattern = Self { minutes, hours, days, months, weekdays: (weekdays | weekdays >> 7) & 0x7f, either };
        let longest = (1..=12).filter(|month| months >> month & 1 == 1).map(longest).max().unwrap_or(0);
        if !either && days.trailing_zeros() > longest {
            return Err(String::from("there is no such date: it never opens"));
        }
        Ok(pattern)
    }

    /// One time of day on some days of the week.
    pub(super) fn daily(minute_of_day: u32, weekdays: u64) -> Self {
        let (minutes, hours) = (1 << (minute_of_day % 60), 1 << (minute_of_day / 60));
        Self { minutes, hours, days: !1, months: !1, weekdays, either: false }
    }

    /// The last time that matches at this one or before it, as long as its date is not before `first`.
    pub(super) fn at_or_before(&self, at: DateTime, first: Date) -> Option<DateTime> {
        let mut date = at.date();
        let (mut hour, mut minute) = (at.hour(), at.minute());
        while date >= first {
            if self.holds(date) {
                if let Some((hour, minute)) = self.last_of_day(hour, minute) {
                    return Some(date.at(hour, minute, 0, 0));
                }
            }
            date = date.yesterday().ok()?;
            (hour, minute) = (23, 59);
        }
        None
    }

    /// The first time that matches after this one.
    pub(super) fn after(&self, at: DateTime) -> Option<DateTime> {
        let mut date = at.date();
        let mut time = Some((at.hour(), at.minute()));
        for _ in 0..=FARTHEST {
            if self.holds(date) {
                if let Some((hour, minute)) = self.first_of_day(time) {
                    return Some(date.at(hour, minute, 0, 0));
                }
            }
            date = date.tomorrow().ok()?;
            time = None;
        }
        None
    }

    fn holds(&self, date: Date) -> bool {
        let month = self.months >> date.month() & 1 == 1;
        let day = self.days >> date.day() & 1 == 1;
        let weekday = self.weekdays >> date.weekday().to_sunday_zero_offset() & 1 == 1;
        month && if self.either { day || weekday } else { day && weekday }
    }

    /// The last time of a day up to this one.
    fn last_of_day(&self, hour: i8, minute: i8) -> Option<(i8, i8)> {
        if self.hours >> hour & 1 == 1 {
            if let Some(minute) = highest(self.minutes, minute) {
                return Some((hour, minute));
            }
        }
        let hour = highest(self.hours, hour - 1)?;
        Some((hour, highest(self.minutes, 59)?))
    }

    /// The first time of a day after this one.
    fn first_of_day(&self, after: Option<(i8, i8)>) -> Option<(i8, i8)> {
        let Some((hour, minute)) = after else { return Some((lowest(self.hours, 0)?, lowest(self.minutes, 0)?)) };
        if self.hours >> hour & 1 == 1 {
            if let Some(minute) = lowest(self.minutes, minute + 1) {
                return Some((hour, minute));
            }
        }
        let hour = lowest(self.hours, hour + 1)?;
        Some((hour, lowest(self.minutes, 0)?))
    }
}

/// Days of the week as `mon-fri` or `sat,sun`, as bits.
pub(super) fn weekdays(text: &str) -> Result<u64, String> {
    let bits = set(text, 0, 7, &DAYS)?;
    Ok((bits | bits >> 7) & 0x7f)
}

/// The days of the longest month of this number.
fn longest(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Reads a list of numbers, names, ranges and steps.
fn set(text: &str, low: u32, high: u32, names: &[&str]) -> Result<u64, String> {
    let number = |text: &str| {
        let named = names.iter().position(|name| *name == text).and_then(|at| u32::try_from(at).ok());
        // Names of months count from January, which is 1.
        let number = named.map(|at| at + low).or_else(|| text.parse().ok());
        number.filter(|n| (low..=high).contains(n)).ok_or_else(|| match names.first() {
            Some(name) => format!("`{text}` is not within {low}-{high} or a name like {name}"),
            None => format!("`{text}` is not within {low}-{high}"),
        })
    };
    let mut bits = 0;
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => match step.parse() {
                Ok(step @ 1..=60) => (range, Some(step)),
                _ => return Err(format!("`{step}` is no step")),
            },
            None => (item, None),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (low, if high == 7 { 6 } else { high }),
            (_, Some((from, to))) => (number(from)?, number(to)?),
            (one, None) if step.is_some() => (number(one)?, if high == 7 { 6 } else { high }),
            (one, None) => (number(one)?, number(one)?),
        };
        let step = step.unwrap_or(1);
        if from <= to {
            bits |= (from..=to).step_by(step).fold(0, |bits, n| bits | 1 << n);
        } else if high == 7 {
            // Days go round: fri-mon.
            bits |= (from..=to + 7).step_by(step).fold(0, |bits, n| bits | 1 << (n % 7));
        } else {
            return Err(format!("`{range}` goes backwards"));
        }
    }
    Ok(bits)
}

/// The highest bit up to this one.
fn highest(bits: u64, up_to: i8) -> Option<i8> {
    (0..=up_to).rev().find(|bit| bits >> bit & 1 == 1)
}

/// The lowest bit from this one on.
fn lowest(bits: u64, from: i8) -> Option<i8> {
    (from..60).find(|bit| bits >> bit & 1 == 1)
}
