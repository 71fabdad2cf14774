//! From a configuration that was read to the providers in it.

use std::collections::BTreeMap;

use steadfast_pool::Pool;

use super::Providers;
use super::text::{Config, Key, One, Time, at, vendor};
use crate::{Client, ClientBuilder, Error, ErrorKind, KeySource, Vendor};

pub(super) fn providers(config: Config, pool: &Pool) -> Result<Providers, Error> {
    let mut vendors = BTreeMap::new();
    for (name, own) in config.vendors {
        vendors.insert(name.clone(), vendor(&name, own)?);
    }
    let mut clients = BTreeMap::new();
    for (name, one) in config.providers {
        let client = client(&name, one, &vendors, pool)?;
        clients.insert(name, client);
    }
    let providers = Providers::of(clients, config.default);
    match &providers.default {
        Some(name) if !providers.named.contains_key(name) => {
            Err(at("default", &format!("there is no provider `{name}`")))
        }
        _ => Ok(providers),
    }
}

fn client(name: &str, one: One, vendors: &BTreeMap<String, Vendor>, pool: &Pool) -> Result<Client, Error> {
    let place = format!("providers.{name}");
    let vendor = match vendors.get(&one.vendor) {
        Some(own) => own.clone(),
        None => Vendor::named(&one.vendor).map_err(|error| error.within(&format!("{place}.vendor")))?,
    };
    let vendor = Vendor { api: one.api.unwrap_or(vendor.api), ..vendor };
    let model = one.model.or_else(|| vendor.model.clone());
    let model = model.ok_or_else(|| at(&format!("{place}.model"), "is missing"))?;
    let key = match one.key {
        Some(Key(source)) => Some(source),
        None if vendor.key_variable.is_empty() || std::env::var_os(&vendor.key_variable).is_none() => None,
        None => Some(KeySource::env(&*vendor.key_variable)),
    };
    let mut builder = Client::builder(pool.clone(), vendor).name(name).model(model);
    let set = |builder: ClientBuilder, url: String| builder.base_url(url);
    builder = one.base_url.into_iter().fold(builder, set);
    builder = one.max_tokens.into_iter().fold(builder, ClientBuilder::max_tokens);
    builder = one.limits.into_iter().fold(builder, ClientBuilder::limits);
    builder = one.retry.into_iter().fold(builder, ClientBuilder::retry);
    builder = one.timeouts.into_iter().fold(builder, ClientBuilder::timeouts);
    builder = one.stream_timeouts.into_iter().fold(builder, |builder, limits| builder.stream_timeouts(limits.into()));
    builder =
        one.models.into_iter().fold(builder, |builder, (model, settings)| builder.for_model(model, settings.into()));
    if let Some(key) = key {
        builder = builder.key_from(match one.key_every {
            Some(Time(every)) => key.every(every),
            None => key,
        });
    }
    if one.allow_plain_http {
        builder = builder.allow_plain_http();
    }
    builder.build().map_err(|error| {
        let field = match error.kind() {
            ErrorKind::MissingKey => ".key",
            _ if error.to_string().contains("base URL") => ".base_url",
            _ => "",
        };
        error.within(&format!("{place}{field}"))
    })
}
