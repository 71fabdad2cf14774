//! Bytes a second as people write them: `250K`, `1M`, `64Ki`.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::when::text;

/// Bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) NonZeroU64);

/// Bytes a second for the devices with one value of a tag: `store=250K`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteRate {
    pub(crate) tag: String,
    pub(crate) rate: Rate,
}

const UNITS: [(&str, u64); 6] =
    [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.trim().trim_end_matches("/s").trim_end_matches('B');
        let unit = UNITS.iter().find_map(|(unit, times)| Some((bare.strip_suffix(unit)?, *times)));
        let (number, times) = unit.unwrap_or((bare, 1));
        let number: Option<u64> = number.trim().parse().ok();
        let rate = number.and_then(|number| number.checked_mul(times)).and_then(NonZeroU64::new);
        rate.map(Self).ok_or_else(|| {
            format!("`{text}` is no number of bytes a second: give one such as 250K, 1M or 64Ki, above zero")
        })
    }
}

impl FromStr for SiteRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((tag, rate)) if !tag.trim().is_empty() => Ok(Self { tag: tag.trim().to_owned(), rate: rate.parse()? }),
            _ => Err(format!("`{text}` names no tag: give it as TAG=RATE, such as store=250K")),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SiteRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.tag, self.rate)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for SiteRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)
    }
}

impl<'de> Deserialize<'de> for SiteRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_mean_what_they_say() {
        let check = |text: &str, expected: u64| assert_eq!(text.parse::<Rate>().unwrap().0.get(), expected, "{text}");
        check("500", 500);
        check("250K", 250_000);
        check("1MB/s", 1_000_000);
        check("64Ki", 65_536);
        check("2 GiB", 2 << 30);
        for text in ["", "0", "K", "-1", "1.5M", "1T", "99999999999G"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        let site: SiteRate = "store=250K".parse().unwrap();
        assert_eq!((&*site.tag, site.rate.0.get(), site.to_string().parse()), ("store", 250_000, Ok(site.clone())));
        for text in ["250K", "=250K", "store=fast"] {
            assert!(text.parse::<SiteRate>().is_err(), "{text}");
        }
    }
}
