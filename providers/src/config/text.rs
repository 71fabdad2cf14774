//! A configuration as text. What is wrong is told with the path of its field, and never quoted.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use steadfast_backoff::Policy;
use steadfast_pool::Timeouts;

use crate::scrub::name;
use crate::{Api, Error, ErrorKind, KeySource, ModelSettings, Strategy, StreamTimeouts, Vendor};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) vendors: BTreeMap<String, Own>,
    #[serde(default)]
    pub(super) providers: BTreeMap<String, One>,
    #[serde(default)]
    pub(super) routes: BTreeMap<String, Route>,
}

/// Several providers as one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    #[serde(default)]
    pub(super) strategy: Strategy,
    #[serde(default)]
    pub(super) continue_streams: bool,
    pub(super) targets: Vec<Stop>,
}

/// One of them: its name, or a table.
pub(super) struct Stop(pub(super) Leg);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leg {
    pub(super) provider: String,
    #[serde(default)]
    pub(super) group: Option<String>,
    #[serde(default)]
    pub(super) weight: Option<u32>,
    #[serde(default)]
    pub(super) price: Option<f64>,
    #[serde(default)]
    pub(super) context: Option<u64>,
    #[serde(default)]
    pub(super) max_in_flight: Option<NonZeroU32>,
    #[serde(default)]
    pub(super) continues: Option<bool>,
}

/// A vendor of one's own: its name may be left out, it is that of its table.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Own(pub(super) toml::Table);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct One {
    pub(super) vendor: String,
    #[serde(default)]
    pub(super) api: Option<Api>,
    #[serde(default)]
    pub(super) base_url: Option<String>,
    #[serde(default)]
    pub(super) key: Option<Key>,
    #[serde(default)]
    pub(super) key_every: Option<Time>,
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) max_tokens: Option<u32>,
    #[serde(default)]
    pub(super) limits: Option<crate::admission::Limits>,
    #[serde(default)]
    pub(super) allow_plain_http: bool,
    #[serde(default)]
    pub(super) retry: Option<Policy>,
    #[serde(default)]
    pub(super) timeouts: Option<Timeouts>,
    #[serde(default)]
    pub(super) stream_timeouts: Option<Limits>,
    #[serde(default)]
    pub(super) models: BTreeMap<String, Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    timeouts: Option<Timeouts>,
    #[serde(default)]
    stream_timeouts: Option<Limits>,
}

/// Where a key comes from.
pub(super) struct Key(pub(super) KeySource);

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Time(#[serde(with = "steadfast_clock::human")] pub(super) Duration);

/// `"none"`, or a time.
#[derive(Deserialize)]
#[serde(untagged)]
enum MaybeTime {
    Time(Time),
    Word(Never),
}

#[derive(Deserialize)]
enum Never {
    #[serde(rename = "none")]
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    #[serde(default)]
    header: Option<Time>,
    #[serde(default)]
    first_token: Option<Time>,
    #[serde(default)]
    next_event: Option<Time>,
    #[serde(default)]
    total: Option<MaybeTime>,
}

impl From<Limits> for StreamTimeouts {
    fn from(limits: Limits) -> Self {
        let mut timeouts = Self::new();
        let set = |field: &mut Duration, time: Option<Time>| *field = time.map_or(*field, |Time(time)| time);
        set(&mut timeouts.header, limits.header);
        set(&mut timeouts.first_token, limits.first_token);
        set(&mut timeouts.next_event, limits.next_event);
        match limits.total {
            Some(MaybeTime::Time(Time(total))) => timeouts.total = Some(total),
            Some(MaybeTime::Word(Never::None)) | None => timeouts.total = None,
        }
        timeouts
    }
}

impl From<Model> for ModelSettings {
    fn from(model: Model) -> Self {
        let stream_timeouts = model.stream_timeouts.map(StreamTimeouts::from);
        Self { timeouts: model.timeouts, stream_timeouts, max_tokens: model.max_tokens }
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Place;

        impl<'de> Visitor<'de> for Place {
            type Value = Stop;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a provider, or a table with `provider`")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Stop, E> {
                Ok(Stop(Leg {
                    provider: name.to_owned(),
                    group: None,
                    weight: None,
                    price: None,
                    context: None,
                    max_in_flight: None,
                    continues: None,
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Stop, A::Error> {
                Leg::deserialize(MapAccessDeserializer::new(map)).map(Stop)
            }
        }

        deserializer.deserialize_any(Place)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Place;

        impl<'de> Visitor<'de> for Place {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of `env`, `file` and `command`")
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Key, E> {
                Err(E::custom(
                    "a key does not belong into a configuration: say where it is, such as { env = \"MY_KEY\" }",
                ))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Key, A::Error> {
                let wrong = || serde::de::Error::custom("a key comes from one of `env`, `file` and `command`");
                let source = match map.next_key::<String>()?.as_deref() {
                    Some("env") => KeySource::env(map.next_value::<String>()?),
                    Some("file") => KeySource::file(map.next_value::<String>()?),
                    Some("command") => KeySource::command(map.next_value::<Vec<String>>()?),
                    _ => return Err(wrong()),
                };
                match map.next_key::<String>()? {
                    None => Ok(Key(source)),
                    Some(_) => Err(wrong()),
                }
            }
        }

        deserializer.deserialize_any(Place)
    }
}

pub(super) fn toml(text: &str) -> Result<Config, Error> {
    let reader = toml::Deserializer::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        // The message of a syntax error names what is expected, and quotes nothing of the text.
        wrong(&format!("line {line}: {}", error.message()))
    })?;
    serde_path_to_error::deserialize(reader).map_err(|error| at(&error.path().to_string(), error.inner().message()))
}

pub(super) fn json(text: &str) -> Result<Config, Error> {
    let reader = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(reader).map_err(|error| at(&error.path().to_string(), &error.inner().to_string()))
}

/// A vendor of one's own.
pub(super) fn vendor(name: &str, Own(mut table): Own) -> Result<Vendor, Error> {
    table.entry("name").or_insert_with(|| toml::Value::String(name.to_owned()));
    let read: Result<Vendor, _> = serde_path_to_error::deserialize(toml::Value::Table(table));
    let vendor = read.map_err(|error| {
        let path = format!("vendors.{name}.{}", error.path());
        at(path.trim_end_matches(['.', '?']), error.inner().message())
    })?;
    Ok(vendor.with_common_words())
}

/// An error at a field.
pub(super) fn at(path: &str, what: &str) -> Error {
    match path.trim_matches(['.', '?']) {
        "" => wrong(what),
        path => wrong(&format!("{path}: {what}")),
    }
}

fn wrong(what: &str) -> Error {
    // A value that is wrong may be a secret in the wrong place; the readers quote values in double quotes.
    let unquoted = what.split('"').enumerate().map(|(at, piece)| if at % 2 == 0 { piece } else { "…" });
    let what = unquoted.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    // Words that are none of those expected are quoted otherwise, as names are.
    let words = what.split('`').enumerate().map(|(at, piece)| if at % 2 == 0 { piece } else { name(piece) });
    Error::new(ErrorKind::Config, "", words.collect::<Vec<_>>().join("`"))
}
