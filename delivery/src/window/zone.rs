//! Time zones, and whose a window goes by.

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use steadfast_clock::UnixNanos;

use super::Window;
use crate::error::{Error, ErrorKind};
use crate::rfc3339::timestamp;

/// A time zone by its IANA name, as this machine's database knows it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// Whose clocks a window goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowZone {
    /// It opens everywhere at the same moment, by this zone.
    Fixed(Zone),
    /// Each device's own zone.
    Device {
        /// The zone of devices that name none.
        otherwise: Zone,
    },
}

impl Zone {
    /// The zone of this name, such as `Europe/Berlin` or `UTC`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Window`] when there is none of that name, here.
    pub fn new(name: &str) -> Result<Self, Error> {
        match TimeZone::get(name) {
            Ok(zone) if zone.iana_name().is_some() => Ok(Self(zone)),
            _ => {
                let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                let message = format!("no time zone `{name}`: give a name like Europe/Berlin or UTC");
                Err(Error::new(ErrorKind::Window, message))
            }
        }
    }

    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// A point in time on its clocks, in a form of `strftime`.
    pub(crate) fn show(&self, at: UnixNanos, form: &str) -> String {
        timestamp(at).to_zoned(self.0.clone()).strftime(form).to_string()
    }

    pub(super) fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl Window {
    /// The zone by which it opens for a device whose record names this zone, or none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Window`] when the device's zone counts and there is none of that name, here. Such a device is better
    /// left alone than worked on in the middle of its day.
    pub fn zone_for(&self, timezone: Option<&str>) -> Result<Zone, Error> {
        match (&self.zone, timezone) {
            (WindowZone::Device { .. }, Some(name)) => Zone::new(name),
            (WindowZone::Fixed(zone) | WindowZone::Device { otherwise: zone }, _) => Ok(zone.clone()),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name()).finish()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for WindowZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(zone) => write!(f, "{zone}"),
            Self::Device { otherwise } => write!(f, "each device's own time, {otherwise} where it has none"),
        }
    }
}

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self, Error> {
        Self::new(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}
