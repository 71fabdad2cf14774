//! A policy as a table: a preset by name or a schedule, and what differs.

use core::fmt;
use core::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Refused;
use super::duration::Text;
use crate::ConfigError;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy<S> {
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    #[serde(default = "Option::default")]
    schedule: Option<S>,
    #[serde(default)]
    max_attempts: Option<u32>,
    #[serde(default)]
    hint_cap: Option<Text>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Preset {
    Provider,
    Http,
    ApiClient,
    Production,
    Aggressive,
    Delivery,
    Disabled,
}

/// Why a table is no policy.
pub(crate) enum NoPolicy {
    Refused(ConfigError),
    PresetAndSchedule,
}

impl From<ConfigError> for NoPolicy {
    fn from(error: ConfigError) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for NoPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => Refused::from(*error).fmt(f),
            Self::PresetAndSchedule => f.write_str("schedule: the preset has one already; give either"),
        }
    }
}

/// How many attempts, where neither a preset nor the table says.
const MAX_ATTEMPTS: u32 = 4;

impl<S: From<crate::Exponential>> TryFrom<Policy<S>> for crate::Policy<S> {
    type Error = NoPolicy;

    fn try_from(text: Policy<S>) -> Result<Self, NoPolicy> {
        let Policy { preset, schedule, max_attempts, hint_cap } = text;
        let policy = match (preset, schedule) {
            (Some(_), Some(_)) => return Err(NoPolicy::PresetAndSchedule),
            (Some(preset), None) => {
                let policy = preset.policy();
                Self::new(S::from(*policy.schedule()), policy.max_attempts())?
            }
            (None, Some(schedule)) => Self::new(schedule, MAX_ATTEMPTS)?,
            (None, None) => Self::new(S::from(crate::Exponential::default()), MAX_ATTEMPTS)?,
        };
        let policy = if let Some(max) = max_attempts { policy.with_attempts(max)? } else { policy };
        Ok(if let Some(cap) = hint_cap { policy.hint_cap(cap.0) } else { policy })
    }
}

impl<S: Clone> From<crate::Policy<S>> for Policy<S> {
    fn from(of: crate::Policy<S>) -> Self {
        let hint_cap: Duration = of.longest_hint();
        Self {
            preset: None,
            schedule: Some(of.schedule().clone()),
            max_attempts: Some(of.max_attempts()),
            hint_cap: Some(Text(hint_cap)),
        }
    }
}

impl Preset {
    const fn policy(self) -> crate::Policy {
        match self {
            Self::Provider => crate::Policy::provider(),
            Self::Http => crate::Policy::http(),
            Self::ApiClient => crate::Policy::api_client(),
            Self::Production => crate::Policy::production(),
            Self::Aggressive => crate::Policy::aggressive(),
            Self::Delivery => crate::Policy::delivery(),
            Self::Disabled => crate::Policy::disabled(),
        }
    }
}

impl<'de, S> Deserialize<'de> for crate::Policy<S>
where
    S: Deserialize<'de> + From<crate::Exponential>,
{
    /// Reads a preset by name or a schedule, and what differs. What is left out is 1 s, doubled up to 60 s, full jitter; 4
    /// attempts; 60 s for hints.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Policy::deserialize(deserializer)?.try_into().map_err(D::Error::custom::<NoPolicy>)
    }
}

impl<S: Serialize + Clone> Serialize for crate::Policy<S> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        Policy::from(self.clone()).serialize(serializer)
    }
}
