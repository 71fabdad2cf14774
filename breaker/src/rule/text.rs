//! A rule as it stands in a configuration file.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ConfigError, Growth, Rule, Trip};

/// The fields of a [`Rule`], before they are checked. What is left out is as in the default rule.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RuleText {
    trip: Trip,
    failures: u32,
    #[serde(with = "steadfast_clock::human")]
    window: Duration,
    #[serde(with = "steadfast_clock::human")]
    open_for: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<Growth>,
    probes: u32,
    successes: u32,
    #[serde(with = "steadfast_clock::human")]
    probe_timeout: Duration,
    #[serde(with = "steadfast_clock::human")]
    ramp: Duration,
}

impl Default for RuleText {
    fn default() -> Self {
        Rule::new().into()
    }
}

impl From<Rule> for RuleText {
    fn from(rule: Rule) -> Self {
        let Rule { trip, failures, window, open_for, growth, probes, successes, probe_timeout, ramp } = rule;
        Self { trip, failures, window, open_for, growth, probes, successes, probe_timeout, ramp }
    }
}

impl TryFrom<RuleText> for Rule {
    type Error = ConfigError;

    fn try_from(text: RuleText) -> Result<Self, ConfigError> {
        let RuleText { trip, failures, window, open_for, growth, probes, successes, probe_timeout, ramp } = text;
        let rule = Self { trip, failures, window, open_for, growth, probes, successes, probe_timeout, ramp };
        rule.check().map(|()| rule)
    }
}
