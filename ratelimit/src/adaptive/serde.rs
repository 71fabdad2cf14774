//! [`Aimd`] in configuration: `{ min = 1, max = 100, start = 10, increase = 1, decrease_to = 0.9 }`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Aimd;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Aimd")]
struct Fields {
    min: u32,
    max: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    increase: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decrease_to: Option<f64>,
}

impl Serialize for Aimd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (min, max, start, increase, decrease_to) = self.parts();
        let (start, increase, decrease_to) = (Some(start), Some(increase), Some(decrease_to));
        Fields { min, max, start, increase, decrease_to }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Aimd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { min, max, start, increase, decrease_to } = Fields::deserialize(deserializer)?;
        let mut aimd = Self::new(min, max).map_err(D::Error::custom)?;
        if let Some(start) = start {
            aimd = aimd.start(start).map_err(D::Error::custom)?;
        }
        if let Some(increase) = increase {
            aimd = aimd.increase(increase).map_err(D::Error::custom)?;
        }
        if let Some(decrease_to) = decrease_to {
            aimd = aimd.decrease_to(decrease_to).map_err(D::Error::custom)?;
        }
        Ok(aimd)
    }
}
