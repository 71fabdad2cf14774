//! Why a device is not meant by a filter.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::{self, Value};
use super::{Filter, glob};
use crate::device::{Device, DeviceStatus};
use crate::rfc3339;
use crate::version::Version;

/// What keeps a device from being meant: the clause that does not hold, and what the inventory knows instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mismatch {
    /// The clause, as in the filter's text; of a long list only how long it is.
    pub clause: String,
    /// What is known of the device; `None` if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not hold: it is ", self.clause)?;
        match &self.is {
            Some(is) => write!(f, "{}", Value(is)),
            None => f.write_str("not known"),
        }
    }
}

/// A list that is longer is not told.
const TOLD: usize = 8;

/// The first clause that does not hold.
pub(super) fn first(filter: &Filter, device: &Device) -> Option<Mismatch> {
    let wrong = |clause: String, is: Option<&str>| Some(Mismatch { clause, is: is.map(str::to_owned) });
    if !filter.ids.is_empty() && !filter.ids.contains(device.id()) {
        return wrong(list("id", &filter.ids), Some(device.id()));
    }
    if !filter.status.is_empty() && !has_status(filter, device.status) {
        return wrong(list("status", filter.status.iter().map(|status| status.as_str())), Some(device.status.as_str()));
    }
    let location = device.location.as_deref();
    if !is_one_of(location, &filter.location) {
        return wrong(list("location", &filter.location), location);
    }
    for (name, patterns) in &filter.tags {
        let value = device.tags.get(name).map(String::as_str);
        if value.is_none() || !is_one_of(value, patterns) {
            return wrong(list(&text::tag(name), patterns), value);
        }
    }
    firmware(filter, device).or_else(|| seen(filter, device))
}

fn firmware(filter: &Filter, device: &Device) -> Option<Mismatch> {
    if filter.at_least.is_none() && filter.below.is_none() {
        return None;
    }
    let is = device.firmware_version.as_deref().map(Version::new);
    let known = |clause| Some(Mismatch { clause, is: device.firmware_version.clone() });
    match (&filter.at_least, &filter.below, &is) {
        (Some(least), _, is) if is.as_ref().is_none_or(|is| is < least) => {
            known(format!("firmware>={}", Value(least.as_str())))
        }
        (_, Some(below), Some(is)) if is >= below => known(format!("firmware<{}", Value(below.as_str()))),
        _ => None,
    }
}

fn seen(filter: &Filter, device: &Device) -> Option<Mismatch> {
    let is = || device.last_seen.map(rfc3339::text);
    match (filter.seen_after, filter.seen_before, device.last_seen) {
        (Some(after), _, seen) if seen.is_none_or(|seen| seen < after) => {
            Some(Mismatch { clause: format!("seen>={}", rfc3339::text(after)), is: is() })
        }
        (_, Some(before), Some(seen)) if seen >= before => {
            Some(Mismatch { clause: format!("seen<{}", rfc3339::text(before)), is: is() })
        }
        _ => None,
    }
}

/// One whose status is unknown counts as online.
fn has_status(filter: &Filter, status: DeviceStatus) -> bool {
    let is = |wanted| filter.status.contains(&wanted);
    is(status) || (status == DeviceStatus::Unknown && is(DeviceStatus::Online))
}

fn is_one_of(value: Option<&str>, patterns: &[String]) -> bool {
    patterns.is_empty() || value.is_some_and(|value| patterns.iter().any(|pattern| glob::is_like(value, pattern)))
}

fn list<S: AsRef<str>>(key: &str, values: impl IntoIterator<Item = S, IntoIter: ExactSizeIterator>) -> String {
    let values = values.into_iter();
    match values.len() {
        count if count > TOLD => format!("{key}= one of {count}"),
        _ => text::list(key, values),
    }
}
