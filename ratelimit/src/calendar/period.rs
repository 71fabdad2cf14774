//! Calendar periods of a time zone, counted.

use core::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use steadfast_clock::UnixNanos;

use super::CalendarError;

/// How long a calendar budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Period {
    /// From midnight to midnight, local time.
    Day,
    /// From the first of a month to the first of the next, local time.
    Month,
}

/// The periods of a time zone.
#[derive(Debug)]
pub(super) struct Calendar {
    period: Period,
    zone: TimeZone,
}

const DAY: i64 = 24 * 60 * 60;

impl Calendar {
    pub(super) fn new(period: Period, zone: &str) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(zone).map_err(|_| CalendarError::unknown_zone(zone))?;
        Ok(Self { period, zone })
    }

    pub(super) const fn period(&self) -> Period {
        self.period
    }

    pub(super) fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The number of the period at this time, one above that of the period before it.
    pub(super) fn number(&self, wall: UnixNanos) -> i64 {
        let at = Timestamp::from_nanosecond(i128::from(wall.as_nanos())).unwrap_or(Timestamp::MAX);
        let date = self.zone.to_datetime(at).date();
        match self.period {
            Period::Day => days(date),
            Period::Month => i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
        }
    }

    /// When the period of this number ends.
    pub(super) fn end(&self, number: i64) -> UnixNanos {
        self.start(number + 1).unwrap_or(UnixNanos::from_nanos(u64::MAX))
    }

    fn start(&self, number: i64) -> Option<UnixNanos> {
        let date = match self.period {
            Period::Day => TimeZone::UTC.to_datetime(Timestamp::from_second(number.checked_mul(DAY)?).ok()?).date(),
            Period::Month => {
                let year = i16::try_from(number.div_euclid(12)).ok()?;
                Date::new(year, i8::try_from(number.rem_euclid(12) + 1).ok()?, 1).ok()?
            }
        };
        // Where midnight is skipped the first moment after it, where it comes twice the first one.
        let start = date.to_zoned(self.zone.clone()).ok()?.timestamp().as_nanosecond();
        u64::try_from(start).ok().map(UnixNanos::from_nanos)
    }
}

/// Days from 1970-01-01 to this date.
fn days(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).map_or(0, |midnight| midnight.timestamp().as_second().div_euclid(DAY))
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Day => "day",
            Self::Month => "month",
        })
    }
}
