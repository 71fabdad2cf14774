//! The variables that name proxies.

use std::sync::Arc;

use super::{Bypass, Proxies, Proxy, parse};
use crate::error::{Error, ErrorKind};

/// What the variables say; see [`Proxies::from_environment`].
pub(super) fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Proxies, Error> {
    let value = |name: &'static str| {
        let value = lookup(name).map(|value| value.trim().to_owned());
        value.filter(|value| !value.is_empty()).map(|value| (name, value))
    };
    let either = |lower, upper| value(lower).or_else(|| value(upper));
    let http =
        if lookup("REQUEST_METHOD").is_some() { value("http_proxy") } else { either("http_proxy", "HTTP_PROXY") };
    let mut bypass = Bypass::default();
    if let Some((name, list)) = either("no_proxy", "NO_PROXY") {
        bypass.add(&list).map_err(|what| malformed(name, what))?;
    }
    Ok(Proxies {
        environment: false,
        http: proxy(http)?,
        https: proxy(either("https_proxy", "HTTPS_PROXY"))?,
        all: proxy(either("all_proxy", "ALL_PROXY"))?,
        bypass,
    })
}

fn proxy(variable: Option<(&str, String)>) -> Result<Option<Arc<Proxy>>, Error> {
    let Some((name, url)) = variable else { return Ok(None) };
    parse(&url).map(|proxy| Some(Arc::new(proxy))).map_err(|what| malformed(name, what))
}

fn malformed(name: &str, what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the variable {name}: {what}"))
}
