//! A window in files: `{ open = "02:00-04:00 mon-fri", zone = "device", default_zone = "Europe/Berlin" }`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AtEnd, Leftover, Window, WindowZone, Zone};
use crate::error::{Error, ErrorKind};

/// The word for each device's own zone.
const DEVICE: &str = "device";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Window")]
struct Record {
    open: String,
    #[serde(default = "device")]
    zone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_zone: Option<Zone>,
    #[serde(default)]
    at_end: AtEnd,
    #[serde(default)]
    leftover: Leftover,
    #[serde(default, rename = "reserve_s", with = "crate::attempt::seconds")]
    reserve: Duration,
}

fn device() -> String {
    DEVICE.to_owned()
}

impl TryFrom<Record> for Window {
    type Error = Error;

    fn try_from(record: Record) -> Result<Self, Error> {
        let zone = match (record.zone.as_str(), record.default_zone) {
            (DEVICE, otherwise) => WindowZone::Device { otherwise: otherwise.unwrap_or_else(Zone::utc) },
            (name, None) => WindowZone::Fixed(Zone::new(name)?),
            (_, Some(_)) => {
                let message = "a window has a default_zone only with zone = \"device\"";
                return Err(Error::new(ErrorKind::Window, message));
            }
        };
        let window: Self = record.open.parse()?;
        Ok(window.zone(zone).at_end(record.at_end).leftover(record.leftover).reserve(record.reserve))
    }
}

impl From<&Window> for Record {
    fn from(window: &Window) -> Self {
        let (zone, default_zone) = match &window.zone {
            WindowZone::Fixed(zone) => (zone.name().to_owned(), None),
            WindowZone::Device { otherwise } => (device(), Some(otherwise.clone())),
        };
        Self {
            open: window.to_string(),
            zone,
            default_zone,
            at_end: window.at_end,
            leftover: window.leftover,
            reserve: window.reserve,
        }
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Record::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Record::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
