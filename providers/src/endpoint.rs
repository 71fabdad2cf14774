//! Base URLs: where requests go, and whether a key may travel there.

use url::{Host, Url};

use crate::family::Family;
use crate::{Error, ErrorKind, Vendor};

/// The URL that requests go to.
pub(crate) fn endpoint(name: &str, vendor: &Vendor, family: &Family, base: &str) -> Result<Url, Error> {
    let wrong = |what: String| {
        let advice = format!("give one like {}", vendor.base_url);
        Error::new(ErrorKind::Config, name, what).advise(advice)
    };
    let mut url = Url::parse(base.trim()).map_err(|error| wrong(format!("the base URL is not a URL, {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong(String::from("the base URL is not http or https")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(String::from("the base URL holds credentials")).advise("give the key as the key"));
    }
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    if let Some(doubled) = family.doubled.filter(|doubled| path.ends_with(doubled)) {
        let what = format!("the base URL ends in {doubled}, which is added to it");
        return Err(Error::new(ErrorKind::Config, name, what).advise("leave it out"));
    }
    url.set_path(&format!("{path}{}", family.path));
    Ok(url)
}

/// Checks that the key, or its absence, fits the URL.
pub(crate) fn check_key(name: &str, vendor: &Vendor, url: &Url, has_key: bool, plain_http: bool) -> Result<(), Error> {
    if is_loopback(url) {
        return Ok(());
    }
    let host = url.host_str().unwrap_or_default();
    match has_key {
        false => Err(Error::new(ErrorKind::MissingKey, name, format!("no key for {host}"))
            .advise(format!("set {}", vendor.key_variable))),
        true if url.scheme() == "http" && !plain_http => {
            Err(Error::new(ErrorKind::Config, name, format!("the key would travel to {host} in the clear"))
                .advise("use https, or allow it with allow_plain_http()"))
        }
        true => Ok(()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_to_the_base_url() {
        let check = |vendor: &Vendor, base: &str, expected: Option<&str>| {
            let url = endpoint("x", vendor, vendor.api.family().unwrap(), base).map(String::from);
            assert_eq!(url.as_deref().ok(), expected, "{base}: {url:?}");
        };
        let (openai, anthropic) = (&Vendor::openai(), &Vendor::anthropic());
        check(openai, &openai.base_url, Some("https://api.openai.com/v1/chat/completions"));
        check(openai, "http://127.0.0.1:8080/v1//", Some("http://127.0.0.1:8080/v1/chat/completions"));
        check(openai, "https://gw/x?api-version=2#f", Some("https://gw/x/chat/completions?api-version=2"));
        check(anthropic, &anthropic.base_url, Some("https://api.anthropic.com/v1/messages"));
        check(anthropic, "https://api.anthropic.com/", Some("https://api.anthropic.com/v1/messages"));
        check(anthropic, "https://api.anthropic.com/v1/", None);
        for wrong in ["", "api.openai.com", "ftp://host/v1", "https://", "https://me:secret@host/v1", "file:///v1"] {
            check(openai, wrong, None);
        }
    }

    #[test]
    fn keys_travel_encrypted() {
        let check = |base: &str, key: bool, expected: Option<ErrorKind>| {
            let url = endpoint("x", &Vendor::openai(), &crate::chat::FAMILY, base).unwrap();
            let result = check_key("x", &Vendor::openai(), &url, key, false);
            assert_eq!(result.err().map(|error| error.kind()), expected, "{base}");
        };
        check("https://api.openai.com/v1", true, None);
        check("https://api.openai.com/v1", false, Some(ErrorKind::MissingKey));
        check("http://api.openai.com/v1", true, Some(ErrorKind::Config));
        for loopback in ["http://127.9.9.9:1/v1", "http://[::1]:1/v1", "http://localhost:1", "http://a.localhost."] {
            check(loopback, false, None);
            check(loopback, true, None);
        }
        check("http://localhost.example.com", false, Some(ErrorKind::MissingKey));
    }
}
