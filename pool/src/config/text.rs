//! Settings in configuration files: what is left out is as by default, what is not known is refused, and what is wrong is
//! told with the name of its field.

mod host;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use http::HeaderName;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::PoolConfig;
use crate::redirects::Redirects;
use crate::timeouts::Timeouts;

/// Settings that are read field by field.
trait Table: Default {
    /// What they are, in a few words.
    const WHAT: &'static str;
    const FIELDS: &'static [&'static str];

    /// Sets one of [`FIELDS`](Self::FIELDS).
    fn set<'de, A: MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<(), A::Error>;
}

fn read<'de, T: Table, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Reader(PhantomData))
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Table> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut table = T::default();
        let mut seen = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let Some(field) = T::FIELDS.iter().copied().find(|field| *field == name) else {
                return Err(A::Error::unknown_field(&name, T::FIELDS));
            };
            if seen.contains(&field) {
                return Err(A::Error::duplicate_field(field));
            }
            seen.push(field);
            table.set(field, &mut map).map_err(|error| A::Error::custom(format_args!("`{field}`: {error}")))?;
        }
        Ok(table)
    }
}

/// The value of a field.
fn value<'de, V: DeserializeOwned, A: MapAccess<'de>>(map: &mut A) -> Result<V, A::Error> {
    map.next_value()
}

/// A duration with its unit.
fn time<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Duration, A::Error> {
    value::<Human, A>(map).map(|Human(time)| time)
}

/// A duration with its unit, or `none`.
fn maybe_time<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Duration>, A::Error> {
    let text: String = value(map)?;
    if text == "none" {
        return Ok(None);
    }
    let text = serde::de::value::StringDeserializer::<A::Error>::new(text);
    Human::deserialize(text).map(|Human(time)| Some(time))
}

/// The name of a header, or `none`.
fn maybe_header<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<HeaderName>, A::Error> {
    match value::<String, A>(map)?.as_str() {
        "none" => Ok(None),
        name => name.parse().map(Some).map_err(|_| A::Error::custom("not a header's name")),
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Human(#[serde(with = "steadfast_clock::human")] Duration);

/// From the fields of these names; durations with their unit, `"90s"`, and `"none"` for what can be absent; `redirects` is
/// how many are followed. What only code can give (TLS settings, proxies) has no field.
impl<'de> Deserialize<'de> for PoolConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl Table for PoolConfig {
    const WHAT: &'static str = "the settings of a pool";
    const FIELDS: &'static [&'static str] = &[
        "max_idle",
        "max_idle_per_host",
        "max_per_host",
        "idle_timeout",
        "max_age",
        "acquire_timeout",
        "dial_timeout",
        "tls_timeout",
        "http2_prior_knowledge",
        "http1_only",
        "keep_alive_interval",
        "keep_alive_timeout",
        "keep_alive_while_idle",
        "timeouts",
        "max_body",
        "redirects",
        "request_id",
        "traceparent",
        #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
        "decompress",
        #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
        "max_inflation",
        "max_hosts",
        "max_host_figures",
        "enable_metrics",
    ];

    fn set<'de, A: MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<(), A::Error> {
        match field {
            "max_idle" => self.max_idle = value(map)?,
            "max_idle_per_host" => self.max_idle_per_host = value(map)?,
            "max_per_host" => self.max_per_host = value(map)?,
            "idle_timeout" => self.idle_timeout = time(map)?,
            "max_age" => self.max_age = maybe_time(map)?,
            "acquire_timeout" => self.acquire_timeout = time(map)?,
            "dial_timeout" => self.dial_timeout = time(map)?,
            "tls_timeout" => self.tls_timeout = time(map)?,
            "http2_prior_knowledge" => self.http2_prior_knowledge = value(map)?,
            "http1_only" => self.http1_only = value(map)?,
            "keep_alive_interval" => self.keep_alive_interval = maybe_time(map)?,
            "keep_alive_timeout" => self.keep_alive_timeout = time(map)?,
            "keep_alive_while_idle" => self.keep_alive_while_idle = value(map)?,
            "timeouts" => self.timeouts = value(map)?,
            "max_body" => self.max_body = value(map)?,
            "redirects" => self.redirects = Redirects::up_to(value(map)?),
            "request_id" => self.request_id = maybe_header(map)?,
            "traceparent" => self.traceparent = value(map)?,
            #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
            "decompress" => self.decompress = value(map)?,
            #[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
            "max_inflation" => self.max_inflation = value(map)?,
            "max_hosts" => self.max_hosts = value(map)?,
            "max_host_figures" => self.max_host_figures = value(map)?,
            "enable_metrics" => self.enable_metrics = value(map)?,
            // Not one of the fields.
            _ => {}
        }
        Ok(())
    }
}

/// From `header`, `stall` and `attempt`; `attempt` may be `"none"`.
impl<'de> Deserialize<'de> for Timeouts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl Table for Timeouts {
    const WHAT: &'static str = "the limits of an attempt";
    const FIELDS: &'static [&'static str] = &["header", "stall", "attempt"];

    fn set<'de, A: MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<(), A::Error> {
        match field {
            "header" => self.header = time(map)?,
            "stall" => self.stall = time(map)?,
            "attempt" => self.attempt = maybe_time(map)?,
            // Not one of the fields.
            _ => {}
        }
        Ok(())
    }
}
