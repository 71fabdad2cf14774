//! The settings of a host in a configuration file.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Error, MapAccess};
use serde::{Deserialize, Deserializer};
use steadfast_backoff::StatusSet;

use super::{Table, read, value};
use crate::config::HostConfig;

/// From the fields of these names, and `per_minute` for an even rate and `retry_statuses` by the name of the set. What
/// only code can give (a budget, a judge of answers) has no field. Credentials belong in the environment, not in a file.
impl<'de> Deserialize<'de> for HostConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl Table for HostConfig {
    const WHAT: &'static str = "the settings of a host";
    const FIELDS: &'static [&'static str] = &[
        "default_headers",
        "base_url",
        "quota",
        "per_minute",
        "concurrency",
        "breaker",
        "retry",
        "retry_statuses",
        "timeouts",
    ];

    fn set<'de, A: MapAccess<'de>>(&mut self, field: &str, map: &mut A) -> Result<(), A::Error> {
        match field {
            "default_headers" => self.default_headers = headers(value(map)?)?,
            "base_url" => {
                let text: String = value(map)?;
                self.base_url =
                    Some(text.parse().map_err(|error| A::Error::custom(format_args!("not a URL: {error}")))?);
            }
            "quota" | "per_minute" if self.quota.is_some() => {
                return Err(A::Error::custom("there is a rate already; give `quota` or `per_minute`"));
            }
            "quota" => self.quota = Some(value(map)?),
            "per_minute" => *self = std::mem::take(self).per_minute(value(map)?).map_err(A::Error::custom)?,
            "concurrency" => self.concurrency = Some(value(map)?),
            "breaker" => self.breaker = Some(value(map)?),
            "retry" => self.retry = Some(value(map)?),
            "retry_statuses" => *self = std::mem::take(self).retry_statuses(statuses(&value::<String, A>(map)?)?),
            "timeouts" => self.timeouts = Some(value(map)?),
            // Not one of the fields.
            _ => {}
        }
        Ok(())
    }
}

fn headers<E: Error>(texts: BTreeMap<String, String>) -> Result<HeaderMap, E> {
    let mut headers = HeaderMap::new();
    for (name, text) in texts {
        let wrong = |what| E::custom(format_args!("`{name}`: {what}"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("not a header's name"))?;
        let mut value = HeaderValue::from_str(&text).map_err(|_| wrong("a value that no header can have"))?;
        // In case somebody puts one there all the same.
        value.set_sensitive(SECRETIVE.iter().any(|part| key.as_str().contains(part)));
        headers.insert(key, value);
    }
    Ok(headers)
}

/// Parts of the names of headers that hold credentials.
const SECRETIVE: [&str; 5] = ["auth", "cookie", "key", "secret", "token"];

fn statuses<E: Error>(name: &str) -> Result<StatusSet, E> {
    Ok(match name {
        "gateway" => StatusSet::GATEWAY,
        "standard" => StatusSet::STANDARD,
        "transient" => StatusSet::TRANSIENT,
        "server_errors" => StatusSet::SERVER_ERRORS,
        "server_and_limit" => StatusSet::SERVER_AND_LIMIT,
        other => {
            let sets = &["gateway", "standard", "transient", "server_errors", "server_and_limit"];
            return Err(E::unknown_variant(other, sets));
        }
    })
}
