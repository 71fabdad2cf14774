//! Who is asked: vendors by name, or providers of a configuration, and where each finds its key, base URL and model.

use std::path::PathBuf;
use std::sync::Arc;

use steadfast_pool::Pool;
use steadfast_providers::{Api, Client, KeySource, Provider, Providers, Vendor};
use url::{Host, Url};

use crate::exit::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct WhoArgs {
    /// Who is asked: a vendor (`steadfast providers list` has them), or a provider of the --config. Default: the
    /// configuration's, or the first vendor whose key is set.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The API to speak, where it is not the vendor's usual one: `chat_completions`, `responses` or `messages`.
    #[arg(long, value_name = "API")]
    pub(crate) api: Option<Api>,
    /// The API's base: with its version for OpenAI-shaped APIs (https://api.openai.com/v1), without for Anthropic
    /// (https://api.anthropic.com). Default: the vendor's variable, such as OPENAI_BASE_URL, then the vendor's own.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// A file with providers of yours (TOML, or JSON where it ends in .json).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Send the key over http:// too, to hosts other than this machine.
    #[arg(long)]
    pub(crate) allow_plain_http: bool,
}

/// Everybody who can be asked.
pub(crate) struct Known<'a> {
    args: &'a WhoArgs,
    pool: &'a Pool,
    configured: Option<Providers>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(args: &'a WhoArgs, pool: &'a Pool) -> Result<Self, Failure> {
        let configured = match &args.config {
            Some(file) => Some(Providers::from_file(file, pool).map_err(|error| refused(&error))?),
            None => None,
        };
        Ok(Self { args, pool, configured })
    }

    /// Whoever is asked first, and whether the configuration says who that is.
    pub(crate) fn first(&self, model: Option<&str>) -> Result<(Arc<dyn Provider>, bool), Failure> {
        if let Some(found) = self.of_configuration()? {
            return Ok((found, true));
        }
        let client = self.client(self.vendor()?, self.args.base_url.as_deref(), model)?;
        Ok((Arc::new(client), false))
    }

    /// Somebody who is asked later, as `provider` or `provider/model`.
    pub(crate) fn other(&self, target: &str) -> Result<Arc<dyn Provider>, Failure> {
        if let Some(found) = self.configured.as_ref().and_then(|providers| providers.get(target)) {
            return Ok(found);
        }
        let (name, model) = match target.split_once('/') {
            Some((_, "")) => return Err(Failure::usage(format!("`{target}` names no model after the slash"))),
            Some((name, model)) => (name, Some(model)),
            None => (target, None),
        };
        if self.configured.as_ref().is_some_and(|providers| providers.get(name).is_some()) {
            return Err(Failure::usage(format!("`{target}`: the configuration says which model `{name}` asks")));
        }
        Ok(Arc::new(self.client(named(name)?, None, model)?))
    }

    /// Whoever is asked first, without a question in mind.
    pub(crate) fn to_look_at(&self) -> Result<Arc<dyn Provider>, Failure> {
        match self.of_configuration()? {
            Some(found) => Ok(found),
            None => Ok(Arc::new(self.look_at(self.vendor()?, self.args.base_url.as_deref())?)),
        }
    }

    /// The clients that a check looks at: those that are named, otherwise all of the configuration, otherwise every vendor
    /// whose key is set.
    pub(crate) fn to_check(&self, names: &[String]) -> Result<Vec<Client>, Failure> {
        let configured = |name: &String| {
            let providers = self.configured.as_ref()?;
            providers.clients().find(|(known, _)| known == name).map(|(_, client)| client.clone())
        };
        if !names.is_empty() {
            let client = |name| match configured(name) {
                Some(client) => Ok(client),
                None => self.look_at(named(name)?, self.args.base_url.as_deref()),
            };
            return names.iter().map(client).collect();
        }
        if let Some(providers) = &self.configured {
            return Ok(providers.clients().map(|(_, client)| client.clone()).collect());
        }
        let vendors: Vec<Vendor> = match &self.args.base_url {
            Some(_) => vec![self.vendor()?],
            None => Vendor::all().filter(has_key).collect(),
        };
        if vendors.is_empty() {
            return Err(no_key());
        }
        vendors.into_iter().map(|vendor| self.look_at(vendor, self.args.base_url.as_deref())).collect()
    }

    /// A provider of the configuration, if it has the one that is meant.
    fn of_configuration(&self) -> Result<Option<Arc<dyn Provider>>, Failure> {
        let Some(providers) = &self.configured else { return Ok(None) };
        let found = match &self.args.provider {
            Some(name) => providers.get(name),
            None => Some(providers.default().map_err(|error| refused(&error))?),
        };
        match found {
            Some(_) if self.args.base_url.is_some() || self.args.api.is_some() => Err(Failure::usage(
                "--base-url and --api are for vendors: the configuration says them of its providers",
            )),
            found => Ok(found),
        }
    }

    /// The vendor that is named, or whose key is set; with a base URL on loopback, which needs no key, the first one.
    fn vendor(&self) -> Result<Vendor, Failure> {
        let mut vendor = match &self.args.provider {
            Some(name) => named(name)?,
            None => match Vendor::all().find(has_key) {
                Some(vendor) => vendor,
                None if self.args.base_url.as_deref().is_some_and(is_loopback) => Vendor::openai(),
                None => return Err(no_key()),
            },
        };
        vendor.api = self.args.api.unwrap_or(vendor.api);
        Ok(vendor)
    }

    /// A client that is asked no question: any model does.
    fn look_at(&self, vendor: Vendor, base_url: Option<&str>) -> Result<Client, Failure> {
        let model = vendor.model.clone().unwrap_or_else(|| String::from("any"));
        self.client(vendor, base_url, Some(&model))
    }

    /// A client. The base URL is the given one, else the one of the environment, else the vendor's own.
    fn client(&self, vendor: Vendor, base_url: Option<&str>, model: Option<&str>) -> Result<Client, Failure> {
        let Some(model) = model.map(str::to_owned).or_else(|| vendor.model.clone()) else {
            return Err(Failure::usage(format!("{}: no model: name one (--model, or {0}/MODEL)", vendor.name)));
        };
        let base_url = base_url.map(str::to_owned).or_else(|| set(&vendor.url_variable));
        if base_url.is_none() && vendor.base_url.contains("//RESOURCE.") {
            let (name, variable) = (&vendor.name, &vendor.url_variable);
            return Err(Failure::usage(format!("{name}: no base URL: give --base-url or set {variable}")));
        }
        let base_url = base_url.unwrap_or_else(|| vendor.base_url.clone());
        let needs_key = !is_loopback(&base_url) && !vendor.key_variable.is_empty();
        let key = (needs_key || has_key(&vendor)).then(|| KeySource::env(&*vendor.key_variable));
        let mut builder = Client::builder(self.pool.clone(), vendor).base_url(base_url).model(model);
        if self.args.allow_plain_http {
            builder = builder.allow_plain_http();
        }
        if let Some(key) = key {
            builder = builder.key_from(key);
        }
        builder.build().map_err(|error| refused(&error))
    }
}

/// Whether the vendor's key is set.
pub(crate) fn has_key(vendor: &Vendor) -> bool {
    set(&vendor.key_variable).is_some()
}

fn set(variable: &str) -> Option<String> {
    if variable.is_empty() {
        return None;
    }
    std::env::var(variable).ok().filter(|value| !value.trim().is_empty())
}

fn named(name: &str) -> Result<Vendor, Failure> {
    Vendor::named(name).map_err(|error| refused(&error))
}

fn refused(error: &steadfast_providers::Error) -> Failure {
    Failure::usage(error.to_string().replace("allow_plain_http()", "--allow-plain-http"))
}

fn no_key() -> Failure {
    Failure::usage(
        "no key: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or another vendor's (`steadfast providers list` has them), or give \
         a --base-url on loopback",
    )
}

fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
