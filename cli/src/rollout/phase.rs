//! A phase as it is written: `10%,soak=24h,success>=95%,on-failure=cancel`, or a table of the same words in a file.

use std::fmt;
use std::str::FromStr;

use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use steadfast_delivery::{Bound, Comparator, Denominator, FailureClass, Gate, Measure, OnFailure, Phase, Scope};

use crate::when::{Span, text};

/// A phase of a rollout, and its gates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhaseText {
    name: Option<String>,
    share: Share,
    soak: Option<Span>,
    #[serde(default)]
    gates: Vec<GateText>,
    /// Of every gate, as are the three below.
    min: Option<u64>,
    scope: Option<Scope>,
    of: Option<Denominator>,
    #[serde(default)]
    classes: Vec<FailureClass>,
    on_failure: Option<Reaction>,
    #[serde(default)]
    approve: bool,
}

impl PhaseText {
    /// The phase.
    pub(crate) fn phase(&self) -> Phase {
        let mut phase = Phase::percent(self.share.0);
        if let Some(name) = &self.name {
            phase = phase.name(name);
        }
        if let Some(soak) = self.soak {
            phase = phase.soak(soak.0);
        }
        for GateText(gate) in &self.gates {
            let mut gate = gate.clone().classes(self.classes.iter().copied());
            gate.scope = self.scope.unwrap_or(gate.scope);
            gate.of = self.of.unwrap_or(gate.of);
            gate.min_sample = self.min.unwrap_or(gate.min_sample);
            phase = phase.gate(gate);
        }
        if let Some(Reaction(reaction)) = self.on_failure {
            phase = phase.on_failure(reaction);
        }
        if self.approve { phase.approval() } else { phase }
    }
}

const FORM: &str = "give it as '10%,soak=24h,success>=95%,min=10,on-failure=pause'";

impl FromStr for PhaseText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split(',').map(str::trim);
        let share = words.next().unwrap_or_default();
        let share = share.parse().map_err(|problem| format!("{problem}: {FORM}"))?;
        let mut phase = Self {
            name: None,
            share,
            soak: None,
            gates: Vec::new(),
            min: None,
            scope: None,
            of: None,
            classes: Vec::new(),
            on_failure: None,
            approve: false,
        };
        let mut given = Vec::new();
        for word in words {
            let key = phase.take(word)?;
            if let Some(key) = key.filter(|key| given.contains(key)) {
                return Err(format!("`{key}` is given twice"));
            }
            given.extend(key);
        }
        let needs = ["min", "scope", "of", "classes", "on-failure"];
        if let Some(key) = given.iter().find(|key| phase.gates.is_empty() && needs.contains(key)) {
            return Err(format!("`{key}` is about a gate, and there is none: add one such as success>=95%"));
        }
        Ok(phase)
    }
}

impl PhaseText {
    /// Takes a word of the text; tells its key unless it may be there several times.
    fn take(&mut self, word: &str) -> Result<Option<&'static str>, String> {
        if word == "approve" {
            self.approve = true;
            return Ok(Some("approve"));
        }
        if word.contains(['<', '>']) {
            self.gates.push(word.parse()?);
            return Ok(None);
        }
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let one_of = |all: &str| format!("{key}={value}: it is one of {all}");
        Ok(Some(match key {
            "name" => {
                self.name = Some(value.to_owned());
                "name"
            }
            "soak" => {
                self.soak = Some(value.parse()?);
                "soak"
            }
            "min" => {
                self.min = Some(value.parse().map_err(|_| format!("min={value}: it is a number of devices"))?);
                "min"
            }
            "scope" => {
                self.scope = Some(word_of(value).ok_or_else(|| one_of("phase, cumulative"))?);
                "scope"
            }
            "of" => {
                self.of = Some(word_of(value).ok_or_else(|| one_of("tried, all"))?);
                "of"
            }
            "classes" => {
                self.classes = value.split('+').map(class).collect::<Result<_, _>>()?;
                "classes"
            }
            "on-failure" => {
                self.on_failure = Some(value.parse()?);
                "on-failure"
            }
            _ => return Err(format!("`{word}` is no word of a phase: {FORM}")),
        }))
    }
}

/// A class of failures by its name.
pub(crate) fn class(text: &str) -> Result<FailureClass, String> {
    const ALL: &str = "unreachable, tls, rejected, server_error, timed_out, cut, verify_failed, budget_spent, \
         breaker_open, artifact_changed, cancelled";
    word_of(text).ok_or_else(|| format!("`{text}` is no class of failures: there are {ALL}"))
}

/// The value that has this name in JSON.
fn word_of<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::from(text)).ok()
}

/// A share of all devices, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share(f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
        share.and_then(Self::of).ok_or_else(|| format!("`{text}` is no share of all devices, from 0% to 100%"))
    }
}

impl Share {
    fn of(percent: f64) -> Option<Self> {
        (0.0..=100.0).contains(&percent).then_some(Self(percent))
    }
}

/// In a file `"10%"`, or the number alone.
impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Percent;

        impl Visitor<'_> for Percent {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share of all devices such as \"10%\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Share, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_f64<E: serde::de::Error>(self, percent: f64) -> Result<Share, E> {
                Share::of(percent).ok_or_else(|| E::invalid_value(Unexpected::Float(percent), &self))
            }

            fn visit_i64<E: serde::de::Error>(self, percent: i64) -> Result<Share, E> {
                i32::try_from(percent)
                    .ok()
                    .and_then(|percent| Share::of(percent.into()))
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(percent), &self))
            }
        }

        deserializer.deserialize_any(Percent)
    }
}

/// A gate: `success>=95%`, `failed<3`.
#[derive(Clone, Debug, PartialEq)]
struct GateText(Gate);

impl FromStr for GateText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no gate: give a share or a number of devices, such as success>=95% or failed<3");
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (measure, rest) = text.split_at(at);
        let measure = match measure.trim() {
            "success" | "succeeded" => Measure::Succeeded,
            "failed" | "failures" => Measure::Failed,
            _ => return Err(wrong()),
        };
        let comparators = [
            (">=", Comparator::AtLeast),
            ("<=", Comparator::AtMost),
            (">", Comparator::Above),
            ("<", Comparator::Below),
        ];
        let (bound, comparator) = comparators
            .into_iter()
            .find_map(|(sign, comparator)| Some((rest.strip_prefix(sign)?.trim(), comparator)))
            .ok_or_else(wrong)?;
        let bound = match bound.strip_suffix('%') {
            Some(_) => Bound::Percent(bound.parse::<Share>().map_err(|_| wrong())?.0),
            None => Bound::Devices(bound.parse().map_err(|_| wrong())?),
        };
        Ok(Self(Gate::new(measure, comparator, bound)))
    }
}

impl<'de> Deserialize<'de> for GateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)
    }
}

/// What happens when a gate is not passed: `pause`, `cancel` or `rollback`.
#[derive(Clone, Copy, Debug)]
struct Reaction(OnFailure);

impl FromStr for Reaction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pause" => Ok(Self(OnFailure::Pause)),
            "cancel" => Ok(Self(OnFailure::Cancel)),
            "rollback" => Ok(Self(OnFailure::RollBack)),
            _ => Err(format!("on-failure={text}: it is one of pause, cancel, rollback")),
        }
    }
}

impl<'de> Deserialize<'de> for Reaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer)
    }
}

#[cfg(test)]
mod tests;
