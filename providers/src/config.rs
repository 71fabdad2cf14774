//! Providers from a configuration: a file, a text, or the environment.

mod build;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use steadfast_pool::Pool;

use crate::{Client, Error, ErrorKind, KeySource, Provider, Vendor};

/// Providers by name, put together from a configuration.
///
/// | table | holds |
/// |---|---|
/// | `default` | the name of a provider or a route, for [`default`](Self::default); otherwise it is the only one there is |
/// | `[providers.NAME]` | `vendor`, `model`; and where they are not the vendor's: `api`, `base_url`, `key`, `key_every`, `max_tokens`, `limits`, `allow_plain_http`, `retry`, `timeouts`, `stream_timeouts` |
/// | `[providers.NAME.models.MODEL]` | `max_tokens`, `timeouts`, `stream_timeouts` of one model |
/// | `[routes.NAME]` | several providers as one, a [`Router`](crate::Router): `targets`, a list of their names or of tables with `provider`, and `group`, `weight`, `price`, `context`, `max_in_flight`, `continues` where it takes them; `strategy`, `continue_streams` |
/// | `[vendors.NAME]` | a [`Vendor`] of your own |
///
/// A `key` is `{ env = "VARIABLE" }`, `{ file = "PATH" }` or `{ command = ["PROGRAM", "ARGUMENT"] }`; without one it is the
/// vendor's own variable. A key in the configuration itself is refused: files are copied, and shown.
///
/// ```
/// use steadfast_providers::{Providers, pool::Pool};
///
/// let providers = Providers::from_toml(
///     r#"
///     default = "local"
///
///     [providers.local]
///     vendor = "ollama"
///     model = "llama3.3"
///
///     [providers.local.models."qwen3:32b"]
///     stream_timeouts = { first_token = "10m" }
///     "#,
///     &Pool::new()?,
/// )?;
/// assert_eq!(providers.default()?.model(), "llama3.3");
/// # use steadfast_providers::Provider;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Providers {
    clients: BTreeMap<String, Client>,
    named: BTreeMap<String, Arc<dyn Provider>>,
    default: Option<String>,
}

impl Providers {
    /// From a text in TOML.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] that names the field which is wrong by its path, such as `providers.gpt.base_url`;
    /// [`ErrorKind::MissingKey`] where a key cannot be had.
    pub fn from_toml(text: &str, pool: &Pool) -> Result<Self, Error> {
        build::providers(text::toml(text)?, pool)
    }

    /// From a text in JSON, of the same form.
    ///
    /// # Errors
    ///
    /// As [`from_toml`](Self::from_toml).
    pub fn from_json(text: &str, pool: &Pool) -> Result<Self, Error> {
        build::providers(text::json(text)?, pool)
    }

    /// From a file: JSON where its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    ///
    /// As [`from_toml`](Self::from_toml), with the file's name; also when it cannot be read.
    pub fn from_file(path: impl AsRef<Path>, pool: &Pool) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let what = format!("the configuration {} cannot be read: {}", path.display(), error.kind());
            Error::new(ErrorKind::Config, "", what)
        })?;
        let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let read = if is_json { Self::from_json(&text, pool) } else { Self::from_toml(&text, pool) };
        read.map_err(|error| error.within(&path.display().to_string()))
    }

    /// From the environment: every known vendor whose key is set, at the base URL that is set, with the vendor's usual
    /// model.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a base URL is none.
    pub fn from_env(pool: &Pool) -> Result<Self, Error> {
        let set = |variable: &str| std::env::var(variable).ok().filter(|value| !value.trim().is_empty());
        let mut clients = BTreeMap::new();
        for vendor in Vendor::all() {
            let (Some(_), Some(model)) = (set(&vendor.key_variable), vendor.model.clone()) else { continue };
            let (key, url) = (KeySource::env(&*vendor.key_variable), set(&vendor.url_variable));
            let name = vendor.name.clone();
            let builder = Client::builder(pool.clone(), vendor).model(model).key_from(key);
            let builder = url.into_iter().fold(builder, |builder, url| builder.base_url(url));
            clients.insert(name, builder.build()?);
        }
        Ok(Self::of(clients, None))
    }

    fn of(clients: BTreeMap<String, Client>, default: Option<String>) -> Self {
        let named = clients.iter().map(|(name, client)| (name.clone(), Arc::new(client.clone()) as Arc<dyn Provider>));
        Self { named: named.collect(), clients, default }
    }

    /// The provider, or the route, of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn Provider>> {
        self.named.get(name).cloned()
    }

    /// The one that is meant when none is named.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when there are several and none of them is the default, or none at all.
    pub fn default(&self) -> Result<Arc<dyn Provider>, Error> {
        let only = || self.named.keys().next().filter(|_| self.named.len() == 1);
        let found = self.default.as_ref().or_else(only).and_then(|name| self.get(name));
        found.ok_or_else(|| {
            let (what, advice) = match self.named.len() {
                0 => ("there is no provider", "configure one, or set a vendor's key variable"),
                _ => ("there are several providers and no default", "name one, or set `default`"),
            };
            Error::new(ErrorKind::Config, "", what).advise(advice)
        })
    }

    /// The names of all providers and routes, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// The clients, without the routes, by name.
    pub fn clients(&self) -> impl Iterator<Item = (&str, &Client)> {
        self.clients.iter().map(|(name, client)| (&**name, client))
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.debug_struct("Providers").field("names", &names).field("default", &self.default).finish_non_exhaustive()
    }
}
