//! Which providers the command knows, and where each finds its key, its base URL and its model.

use std::str::FromStr;
use std::sync::Arc;

use steadfast_pool::Pool;
use steadfast_providers::{ApiKey, Client, ClientBuilder, Provider};
use url::{Host, Url};

use crate::exit::Failure;

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    OpenAi,
    Anthropic,
}

const ALL: [Vendor; 2] = [Vendor::OpenAi, Vendor::Anthropic];

impl Vendor {
    fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    fn key_variable(self) -> &'static str {
        match self {
            Self::OpenAi => "OPENAI_API_KEY",
            Self::Anthropic => "ANTHROPIC_API_KEY",
        }
    }

    fn url_variable(self) -> &'static str {
        match self {
            Self::OpenAi => "OPENAI_BASE_URL",
            Self::Anthropic => "ANTHROPIC_BASE_URL",
        }
    }

    fn default_url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }

    fn default_model(self) -> &'static str {
        match self {
            Self::OpenAi => "gpt-5.4",
            Self::Anthropic => "claude-sonnet-4-5",
        }
    }

    fn has_key(self) -> bool {
        std::env::var_os(self.key_variable()).is_some_and(|key| !key.is_empty())
    }

    /// The provider whose key is set; with a base URL on loopback, which needs no key, the first one.
    pub(crate) fn by_key(base_url: Option<&str>) -> Result<Self, Failure> {
        if let Some(vendor) = ALL.into_iter().find(|vendor| vendor.has_key()) {
            return Ok(vendor);
        }
        if base_url.is_some_and(is_loopback) {
            return Ok(Self::OpenAi);
        }
        Err(Failure::usage("no key: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or give a --base-url on loopback"))
    }
}

impl FromStr for Vendor {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        ALL.into_iter().find(|vendor| vendor.name() == name).ok_or_else(|| {
            let known = ALL.map(Self::name).join(", ");
            format!("unknown provider `{name}`: there are {known}")
        })
    }
}

/// A provider and the model to ask, as `provider` or `provider/model`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) vendor: Vendor,
    pub(crate) model: Option<String>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (vendor, model) = match text.split_once('/') {
            Some((_, "")) => return Err(format!("`{text}` names no model after the slash")),
            Some((vendor, model)) => (vendor, Some(model.to_owned())),
            None => (text, None),
        };
        Ok(Self { vendor: vendor.parse()?, model })
    }
}

/// A client of the target. The base URL is the given one, else the one of the environment, else the vendor's own.
pub(crate) fn client(
    target: &Target,
    base_url: Option<&str>,
    plain_http: bool,
    pool: &Pool,
) -> Result<Arc<dyn Provider>, Failure> {
    let vendor = target.vendor;
    let from_env = std::env::var(vendor.url_variable()).ok().filter(|url| !url.is_empty());
    let base_url = base_url.map(str::to_owned).or(from_env).unwrap_or_else(|| vendor.default_url().to_owned());
    let model = target.model.clone().unwrap_or_else(|| vendor.default_model().to_owned());
    let key = match ApiKey::from_env(vendor.key_variable()) {
        Ok(key) => Some(key),
        Err(_) if is_loopback(&base_url) && !vendor.has_key() => None,
        Err(error) => return Err(Failure::usage(error.to_string())),
    };
    let failed = |error: steadfast_providers::Error| {
        Failure::usage(error.to_string().replace("allow_plain_http()", "--allow-plain-http"))
    };
    let builder = match vendor {
        Vendor::OpenAi => Client::openai(pool.clone()),
        Vendor::Anthropic => Client::anthropic(pool.clone()),
    };
    let mut builder = builder.base_url(base_url).model(model);
    if plain_http {
        builder = builder.allow_plain_http();
    }
    Ok(Arc::new(key.into_iter().fold(builder, ClientBuilder::api_key).build().map_err(failed)?))
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
