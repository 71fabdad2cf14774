//! Which devices are meant: a selection by what the inventory knows of them.

mod glob;
mod many;
mod mismatch;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use crate::device::{Device, DeviceStatus};
use crate::version::Version;

pub use mismatch::Mismatch;

/// Selects devices. Everything that is set must hold; an empty filter selects all.
///
/// A filter has a text of one line, which the command takes, and a form for files in which a list of one value may be
/// that value alone:
///
/// | text | field | holds for |
/// |---|---|---|
/// | `id=till-1\|till-2` | `ids` | these ids |
/// | `status=online` | `status` | this status; one whose status is unknown counts as online, too |
/// | `location=Berlin*` | `location` | locations like this |
/// | `tag.region=eu\|uk` | `tags` | devices with this tag and a value like one of these |
/// | `firmware>=1.4` | `at_least` | this version and later ones |
/// | `firmware<2.0.0` | `below` | earlier versions; one that is not known counts as earlier, for an update is what tells |
/// | `seen>=2026-11-01T00:00:00Z` | `seen_after` | devices last seen at this time or later |
/// | `seen<2026-11-01T00:00:00Z` | `seen_before` | devices last seen earlier, or never |
/// | `limit=100` | `limit` | at most so many of them, in the order of the inventory |
/// | `offset=500` | `offset` | without the first ones |
///
/// Clauses are separated by commas. In locations and values of tags `*` stands for any text, `?` for any character, and a
/// `\` before them for themselves. A value in double quotes may hold anything; `\"` and `\\` stand for a quote and a
/// backslash there, `\u{a}` for the character of that number.
///
/// ```
/// use steadfast_delivery::{Device, Filter};
///
/// let mut till = Device::new("till-7", "http://10.0.0.7")?;
/// till.tags.insert("region".into(), "eu".into());
/// till.firmware_version = Some("1.10.0".into());
///
/// let filter: Filter = "tag.region=eu,firmware<1.9".parse()?;
/// assert!(!filter.matches(&till));
/// assert_eq!(filter.explain(&till).unwrap().to_string(), "`firmware<1.9` does not hold: it is 1.10.0");
/// assert!(Filter::new().tag("region", "e?").below("1.11").matches(&till));
/// # Ok::<(), steadfast_delivery::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Filter {
    /// Only these ids; none means any.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", deserialize_with = "many::deserialize")]
    pub ids: BTreeSet<String>,
    /// Only with one of these; none means any.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "many::deserialize")]
    pub status: Vec<DeviceStatus>,
    /// Only at a location like one of these; none means any.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "many::deserialize")]
    pub location: Vec<String>,
    /// Only with all of these tags, and each with a value like one of those given for it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "many::map")]
    pub tags: BTreeMap<String, Vec<String>>,
    /// Only with this firmware or a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Version>,
    /// Only with firmware before this one, or with one that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<Version>,
    /// Only if seen at this time or later.
    #[serde(skip_serializing_if = "Option::is_none", with = "crate::rfc3339")]
    pub seen_after: Option<UnixNanos>,
    /// Only if last seen before this time, or never.
    #[serde(skip_serializing_if = "Option::is_none", with = "crate::rfc3339")]
    pub seen_before: Option<UnixNanos>,
    /// At most so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Without so many of the first.
    #[serde(skip_serializing_if = "is_zero")]
    pub offset: u64,
}

impl Filter {
    /// A filter that selects every device.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Selects this id, and those that were named before.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.ids.insert(id.into());
        self
    }

    /// Selects this status, and those that were named before.
    #[must_use]
    pub fn status(mut self, status: DeviceStatus) -> Self {
        self.status.push(status);
        self
    }

    /// Selects locations like this, and like those that were named before.
    #[must_use]
    pub fn location(mut self, pattern: impl Into<String>) -> Self {
        self.location.push(pattern.into());
        self
    }

    /// Demands this tag, with a value like this or like those that were named for it before.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.tags.entry(name.into()).or_default().push(pattern.into());
        self
    }

    /// Selects this firmware and later ones.
    #[must_use]
    pub fn at_least(mut self, version: impl Into<Version>) -> Self {
        self.at_least = Some(version.into());
        self
    }

    /// Selects earlier firmware, and devices whose firmware is not known.
    #[must_use]
    pub fn below(mut self, version: impl Into<Version>) -> Self {
        self.below = Some(version.into());
        self
    }

    /// Selects devices last seen at this time or later.
    #[must_use]
    pub fn seen_after(mut self, at: UnixNanos) -> Self {
        self.seen_after = Some(at);
        self
    }

    /// Selects devices last seen before this time, or never.
    #[must_use]
    pub fn seen_before(mut self, at: UnixNanos) -> Self {
        self.seen_before = Some(at);
        self
    }

    /// Selects at most so many.
    #[must_use]
    pub fn limit(mut self, devices: u64) -> Self {
        self.limit = Some(devices);
        self
    }

    /// Passes over so many first.
    #[must_use]
    pub fn offset(mut self, devices: u64) -> Self {
        self.offset = devices;
        self
    }

    /// Whether the device is meant, limit and offset apart.
    #[must_use]
    pub fn matches(&self, device: &Device) -> bool {
        self.explain(device).is_none()
    }

    /// What keeps the device from being meant, limit and offset apart; `None` if nothing does.
    #[must_use]
    pub fn explain(&self, device: &Device) -> Option<Mismatch> {
        mismatch::first(self, device)
    }

    /// Those that are meant, in their order, limit and offset included.
    pub fn select<'a>(&'a self, devices: impl IntoIterator<Item = &'a Device>) -> impl Iterator<Item = &'a Device> {
        let skip = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let most = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        devices.into_iter().filter(|device| self.matches(device)).skip(skip).take(most)
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
