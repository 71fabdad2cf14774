//! Proxies: which hosts are reached through which.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::error::{Error, ErrorKind};

mod bypass;
mod environment;

use self::bypass::Bypass;

/// One proxy: a forward proxy for HTTP (`http`, `https`) or SOCKS 5 (`socks5`: names are resolved here, `socks5h`: names are
/// resolved by the proxy; RFC 1928 and RFC 1929).
///
/// ```
/// let proxy = steadfast_pool::Proxy::new("http://me:secret@proxy.example.com:3128")?;
/// assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy.example.com:3128, with credentials)");
/// # Ok::<(), steadfast_pool::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(crate) kind: ProxyKind,
    /// As it is dialled: IPv6 without brackets.
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    pub(crate) credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    Http,
    Https,
    /// Names are resolved here.
    Socks5,
    /// Names are resolved by the proxy.
    Socks5h,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Box<str>,
    pub(crate) password: Box<str>,
}

impl Proxy {
    /// The proxy at `url`: `scheme://host:port`, with `user:password@` before the host where it wants them, percent-encoded.
    /// Without a scheme it is `http`. Ports: 80, 443 and 1080 unless given.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when that is no such URL. The error does not tell the URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        parse(url).map_err(|what| Error::new(ErrorKind::Config, what))
    }

    /// Sets who we are to the proxy. Sent only to it, with Basic authentication or SOCKS's own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the user's name has a colon (RFC 7617) or, for SOCKS, one of them is longer than 255
    /// bytes or empty (RFC 1929).
    pub fn credentials(mut self, user: &str, password: &str) -> Result<Self, Error> {
        let credentials = Credentials { user: user.into(), password: password.into() };
        check(self.kind, &credentials).map_err(|what| Error::new(ErrorKind::Config, what))?;
        self.credentials = Some(credentials);
        Ok(self)
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn url(&self) -> Option<Url> {
        let mut url = Url::parse(&self.place()).ok()?;
        if let Some(Credentials { user, password }) = &self.credentials {
            url.set_username(user).ok()?;
            url.set_password(Some(password)).ok()?;
        }
        Some(url)
    }

    /// Without the credentials.
    fn place(&self) -> String {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{}://{open}{}{close}:{}", self.kind.scheme(), self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = if self.credentials.is_some() { ", with credentials" } else { "" };
        write!(f, "Proxy({}{with})", self.place())
    }
}

impl ProxyKind {
    const fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    const fn is_socks(self) -> bool {
        matches!(self, Self::Socks5 | Self::Socks5h)
    }
}

fn parse(url: &str) -> Result<Proxy, &'static str> {
    const NONE: &str = "not the URL of a proxy: give one like http://host:port";
    let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let url = Url::parse(&whole).map_err(|_| NONE)?;
    let (kind, usual) = match url.scheme() {
        "http" => (ProxyKind::Http, 80),
        "https" => (ProxyKind::Https, 443),
        "socks5" => (ProxyKind::Socks5, 1080),
        "socks5h" => (ProxyKind::Socks5h, 1080),
        _ => return Err("no kind of proxy that is known: give http, https, socks5 or socks5h"),
    };
    let host = url.host_str().map(|host| host.trim_matches(['[', ']'])).filter(|host| !host.is_empty()).ok_or(NONE)?;
    let mut proxy =
        Proxy { kind, host: host.to_ascii_lowercase().into(), port: url.port().unwrap_or(usual), credentials: None };
    if !url.username().is_empty() || url.password().is_some() {
        let credentials =
            Credentials { user: decoded(url.username())?, password: decoded(url.password().unwrap_or_default())? };
        check(kind, &credentials)?;
        proxy.credentials = Some(credentials);
    }
    Ok(proxy)
}

fn decoded(text: &str) -> Result<Box<str>, &'static str> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8();
    Ok(text.map_err(|_| "the proxy's credentials are not UTF-8")?.into())
}

fn check(kind: ProxyKind, credentials: &Credentials) -> Result<(), &'static str> {
    let fits = |text: &str| (1..=255).contains(&text.len());
    if kind.is_socks() && !(fits(&credentials.user) && fits(&credentials.password)) {
        return Err("credentials of a SOCKS proxy have 1 to 255 bytes each");
    }
    if credentials.user.contains(':') {
        return Err("the user's name at the proxy has a colon");
    }
    Ok(())
}

/// Which hosts are reached through which proxy. Loopback addresses and `localhost` are always reached directly.
///
/// ```
/// use steadfast_pool::{PoolConfig, Proxies, Proxy};
///
/// let proxy = Proxy::new("socks5h://127.0.0.1:1080")?;
/// let proxies = Proxies::none().all(proxy).bypass("intranet.example.com, 10.0.0.0/8")?;
/// let config = PoolConfig::new().proxies(proxies);
/// # Ok::<(), steadfast_pool::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Proxies {
    environment: bool,
    http: Option<Arc<Proxy>>,
    https: Option<Arc<Proxy>>,
    all: Option<Arc<Proxy>>,
    bypass: Bypass,
}

impl Proxies {
    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of the process's environment: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, or the same in upper
    /// case. They are read when a transport is made; what is set here goes before.
    ///
    /// As in curl, lower case goes before upper case and an empty variable counts as none. Where `REQUEST_METHOD` is set
    /// the process serves CGI, and `HTTP_PROXY` may be a header of the request that it serves: then only `http_proxy`
    /// counts ([httpoxy](https://httpoxy.org/)). For the form of `no_proxy` see [`bypass`](Self::bypass).
    pub fn from_environment() -> Self {
        Self { environment: true, ..Self::default() }
    }

    /// Those of the variables that `lookup` knows, by the same rules.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a variable is malformed; it is named, its value is not.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        environment::read(&lookup)
    }

    /// Sets the proxy of http hosts.
    pub fn http(mut self, proxy: Proxy) -> Self {
        self.http = Some(Arc::new(proxy));
        self
    }

    /// Sets the proxy of https hosts.
    pub fn https(mut self, proxy: Proxy) -> Self {
        self.https = Some(Arc::new(proxy));
        self
    }

    /// Sets the proxy of hosts without one by their scheme.
    pub fn all(mut self, proxy: Proxy) -> Self {
        self.all = Some(Arc::new(proxy));
        self
    }

    /// Adds hosts that are reached directly, in the form of `NO_PROXY`: entries apart by commas or blanks, each a name
    /// (it and every name below it, with or without a leading `.` or `*.`), an address, a network (`10.0.0.0/8`) or `*`
    /// for all; names and addresses may have a port (`example.com:8080`, `[::1]:80`), and then only it is meant.
    ///
    /// That is the form of curl, with networks and ports as Go's `httpproxy` has them. In Go a leading dot leaves the name
    /// itself out; in curl, and here, it does not. Names are not resolved: an address matches where a URL has an address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when an entry is a malformed network, address or port.
    pub fn bypass(mut self, list: &str) -> Result<Self, Error> {
        self.bypass.add(list).map_err(|what| Error::new(ErrorKind::Config, what))?;
        Ok(self)
    }

    /// With what the environment has to say, where it is asked.
    pub(crate) fn settled(&self) -> Result<Self, Error> {
        if !self.environment {
            return Ok(self.clone());
        }
        let Self { http, https, all, mut bypass, .. } =
            Self::from_variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))?;
        bypass.append(&self.bypass);
        let ours = self.clone();
        // What is said here for all hosts goes before what is said there for some.
        let (http, https) = if ours.all.is_some() { (None, None) } else { (http, https) };
        Ok(Self {
            environment: false,
            http: ours.http.or(http),
            https: ours.https.or(https),
            all: ours.all.or(all),
            bypass,
        })
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.all.is_none()
    }

    /// The proxy of a host; an address comes without brackets.
    pub(crate) fn of(&self, https: bool, host: &str, port: u16) -> Option<&Arc<Proxy>> {
        let own = if https { &self.https } else { &self.http };
        let proxy = own.as_ref().or(self.all.as_ref())?;
        (!self.bypass.contains(host, port)).then_some(proxy)
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn of_url(&self, url: &Url) -> Option<&Arc<Proxy>> {
        let host = url.host_str()?.trim_matches(['[', ']']);
        self.of(url.scheme() == "https", host, url.port_or_known_default()?)
    }
}

#[cfg(test)]
mod tests;
