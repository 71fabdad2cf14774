//! From a configuration that was read to the providers in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use steadfast_pool::Pool;

use super::Providers;
use super::text::{Config, Key, One, Route, Stop, Time, at, vendor};
use crate::{Client, ClientBuilder, Error, ErrorKind, KeySource, Router, RouterBuilder, Target, Vendor};

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
    let mut providers = Providers::of(clients, config.default);
    for (name, legs) in config.routes {
        let place = format!("routes.{name}");
        if providers.clients.contains_key(&name) {
            return Err(at(&place, "there is a provider of this name"));
        }
        let router = route(&name, &place, legs, &providers)?;
        providers.named.insert(name, Arc::new(router));
    }
    match &providers.default {
        Some(name) if !providers.named.contains_key(name) => {
            Err(at("default", &format!("there is no provider `{name}`")))
        }
        _ => Ok(providers),
    }
}

/// Several providers as one. A route leads to providers, not to other routes.
fn route(name: &str, place: &str, route: Route, providers: &Providers) -> Result<Router, Error> {
    let builder = Router::builder().name(name).strategy(route.strategy).continue_streams(route.continue_streams);
    let targets = route.targets.into_iter().enumerate().map(|(number, Stop(leg))| {
        let client = providers.clients.get(&leg.provider).ok_or_else(|| {
            at(&format!("{place}.targets[{number}]"), &format!("there is no provider `{}`", leg.provider))
        })?;
        let mut target = Target::new(client.clone());
        target = leg.group.into_iter().fold(target, Target::group);
        target = leg.weight.into_iter().fold(target, Target::weight);
        target = leg.price.into_iter().fold(target, Target::price);
        target = leg.context.into_iter().fold(target, Target::context);
        target = leg.max_in_flight.into_iter().fold(target, Target::max_in_flight);
        Ok(leg.continues.into_iter().fold(target, Target::continues))
    });
    let targets: Vec<Target> = targets.collect::<Result<_, Error>>()?;
    let router = targets.into_iter().fold(builder, RouterBuilder::target).build();
    router.map_err(|error| error.within(&format!("{place}.targets")))
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
