//! Schedules as tables with a `kind`. What is left out is what the builder starts from.

use std::vec::Vec;

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::Refused;
use super::duration::Text;
use crate::Jitter;

/// The `kind` of a table that can be of one kind only. It may be left out.
macro_rules! kinds {
    ($($kind:ident = $text:literal),+) => {
        mod kind {
            $(
                #[derive(Default, serde::Deserialize, serde::Serialize)]
                pub(crate) enum $kind {
                    #[default]
                    #[serde(rename = $text)]
                    It,
                }
            )+
        }
    };
}

kinds!(
    Constant = "constant",
    Linear = "linear",
    Exponential = "exponential",
    Fibonacci = "fibonacci",
    Decorrelated = "decorrelated",
    List = "list"
);

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum AnySchedule {
    Constant(crate::Constant),
    Linear(crate::Linear),
    Exponential(crate::Exponential),
    Fibonacci(crate::Fibonacci),
    Decorrelated(crate::Decorrelated),
    List(crate::List),
}

impl From<AnySchedule> for crate::AnySchedule {
    fn from(text: AnySchedule) -> Self {
        match text {
            AnySchedule::Constant(schedule) => Self::Constant(schedule),
            AnySchedule::Linear(schedule) => Self::Linear(schedule),
            AnySchedule::Exponential(schedule) => Self::Exponential(schedule),
            AnySchedule::Fibonacci(schedule) => Self::Fibonacci(schedule),
            AnySchedule::Decorrelated(schedule) => Self::Decorrelated(schedule),
            AnySchedule::List(schedule) => Self::List(schedule),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Constant {
    #[serde(default)]
    kind: kind::Constant,
    #[serde(with = "steadfast_clock::human")]
    wait: Duration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<Text>,
    #[serde(default = "exact")]
    jitter: Jitter,
}

impl TryFrom<Constant> for crate::Constant {
    type Error = Refused;

    fn try_from(text: Constant) -> Result<Self, Refused> {
        let Constant { kind: _, wait, cap, jitter } = text;
        let schedule = Self::new(wait)?.with_jitter(jitter)?;
        Ok(if let Some(cap) = cap { schedule.with_cap(cap.0)? } else { schedule })
    }
}

impl From<crate::Constant> for Constant {
    fn from(of: crate::Constant) -> Self {
        Self { kind: kind::Constant::It, wait: of.wait(), cap: Text::of_cap(of.cap()), jitter: of.jitter() }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Linear {
    #[serde(default)]
    kind: kind::Linear,
    #[serde(default = "second", with = "steadfast_clock::human")]
    base: Duration,
    #[serde(default = "second", with = "steadfast_clock::human")]
    increment: Duration,
    #[serde(default = "minute", with = "steadfast_clock::human")]
    cap: Duration,
    #[serde(default = "full")]
    jitter: Jitter,
}

impl TryFrom<Linear> for crate::Linear {
    type Error = Refused;

    fn try_from(text: Linear) -> Result<Self, Refused> {
        let Linear { kind: _, base, increment, cap, jitter } = text;
        Ok(Self::builder().base(base).increment(increment).cap(cap).jitter(jitter).build()?)
    }
}

impl From<crate::Linear> for Linear {
    fn from(of: crate::Linear) -> Self {
        let (base, increment, cap, jitter) = (of.base(), of.increment(), of.cap(), of.jitter());
        Self { kind: kind::Linear::It, base, increment, cap, jitter }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exponential {
    #[serde(default)]
    kind: kind::Exponential,
    #[serde(default = "second", with = "steadfast_clock::human")]
    base: Duration,
    #[serde(default = "two")]
    factor: f64,
    #[serde(default = "minute", with = "steadfast_clock::human")]
    cap: Duration,
    #[serde(default = "full")]
    jitter: Jitter,
}

impl TryFrom<Exponential> for crate::Exponential {
    type Error = Refused;

    fn try_from(text: Exponential) -> Result<Self, Refused> {
        let Exponential { kind: _, base, factor, cap, jitter } = text;
        Ok(Self::builder().base(base).factor(factor).cap(cap).jitter(jitter).build()?)
    }
}

impl From<crate::Exponential> for Exponential {
    fn from(of: crate::Exponential) -> Self {
        let (base, factor, cap, jitter) = (of.base(), of.factor(), of.cap(), of.jitter());
        Self { kind: kind::Exponential::It, base, factor, cap, jitter }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fibonacci {
    #[serde(default)]
    kind: kind::Fibonacci,
    #[serde(default = "second", with = "steadfast_clock::human")]
    base: Duration,
    #[serde(default = "minute", with = "steadfast_clock::human")]
    cap: Duration,
    #[serde(default = "full")]
    jitter: Jitter,
}

impl TryFrom<Fibonacci> for crate::Fibonacci {
    type Error = Refused;

    fn try_from(text: Fibonacci) -> Result<Self, Refused> {
        let Fibonacci { kind: _, base, cap, jitter } = text;
        Ok(Self::builder().base(base).cap(cap).jitter(jitter).build()?)
    }
}

impl From<crate::Fibonacci> for Fibonacci {
    fn from(of: crate::Fibonacci) -> Self {
        Self { kind: kind::Fibonacci::It, base: of.base(), cap: of.cap(), jitter: of.jitter() }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decorrelated {
    #[serde(default)]
    kind: kind::Decorrelated,
    #[serde(default = "second", with = "steadfast_clock::human")]
    base: Duration,
    #[serde(default = "minute", with = "steadfast_clock::human")]
    cap: Duration,
}

impl TryFrom<Decorrelated> for crate::Decorrelated {
    type Error = Refused;

    fn try_from(text: Decorrelated) -> Result<Self, Refused> {
        Ok(Self::new(text.base, text.cap)?)
    }
}

impl From<crate::Decorrelated> for Decorrelated {
    fn from(of: crate::Decorrelated) -> Self {
        Self { kind: kind::Decorrelated::It, base: of.base(), cap: of.cap() }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    #[serde(default)]
    kind: kind::List,
    waits: Vec<Text>,
    #[serde(default)]
    repeat_last: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<Text>,
    #[serde(default = "exact")]
    jitter: Jitter,
}

impl TryFrom<List> for crate::List {
    type Error = Refused;

    fn try_from(text: List) -> Result<Self, Refused> {
        let List { kind: _, waits, repeat_last, cap, jitter } = text;
        let waits: Vec<_> = waits.into_iter().map(|wait| wait.0).collect();
        let schedule = Self::new(waits)?.with_jitter(jitter)?;
        let schedule = if let Some(cap) = cap { schedule.with_cap(cap.0)? } else { schedule };
        Ok(if repeat_last { schedule.repeat_last() } else { schedule })
    }
}

impl From<crate::List> for List {
    fn from(of: crate::List) -> Self {
        Self {
            kind: kind::List::It,
            waits: of.listed().iter().copied().map(Text).collect(),
            repeat_last: of.repeats_last(),
            cap: Text::of_cap(of.cap()),
            jitter: of.jitter(),
        }
    }
}

const fn second() -> Duration {
    Duration::from_secs(1)
}

const fn minute() -> Duration {
    Duration::from_secs(60)
}

const fn two() -> f64 {
    2.0
}

const fn exact() -> Jitter {
    Jitter::None
}

const fn full() -> Jitter {
    Jitter::Full
}
