//! A [`CalendarBudget`] in configuration: `{ budget = 5000, per = "day", zone = "Europe/Berlin" }`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use steadfast_clock::{System, Wall};

use alloc::string::String;

use super::{CalendarBudget, CalendarError, Period};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "CalendarBudget")]
struct Fields {
    budget: u64,
    per: Period,
    zone: String,
}

/// A [`CalendarBudget`] as it is configured, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarConfig {
    budget: u64,
    per: Period,
    zone: String,
}

impl CalendarConfig {
    /// A budget by the system's clock.
    ///
    /// # Errors
    ///
    /// When there is no such time zone any more.
    pub fn build(&self) -> Result<CalendarBudget, CalendarError> {
        self.build_with(System::new())
    }

    /// A budget by the clock `wall`.
    ///
    /// # Errors
    ///
    /// When there is no such time zone any more.
    pub fn build_with<W: Wall>(&self, wall: W) -> Result<CalendarBudget<W>, CalendarError> {
        CalendarBudget::with_wall(self.budget, self.per, &self.zone, wall)
    }
}

impl Serialize for CalendarConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields { budget: self.budget, per: self.per, zone: self.zone.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CalendarConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { budget, per, zone } = Fields::deserialize(deserializer)?;
        let config = Self { budget, per, zone };
        config.build().map_err(serde::de::Error::custom)?;
        Ok(config)
    }
}
