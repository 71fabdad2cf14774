//! Who we say we are, and to whom it is told.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// What stands in `Authorization`.
#[derive(Clone)]
pub(super) enum Credential {
    /// A bearer token (RFC 6750, section 2.1).
    Bearer(SecretString),
    /// A user and a password (RFC 7617).
    Basic(String, SecretString),
}

impl Credential {
    /// The header's value. The refusal quotes nothing.
    pub(super) fn header(&self) -> Result<HeaderValue, &'static str> {
        let text = match self {
            Self::Bearer(token) => {
                let token = token.expose_secret();
                let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
                if token.is_empty() || !token.bytes().all(is_token) {
                    return Err("the bearer token is empty, or holds what no bearer token may have");
                }
                SecretString::from(format!("Bearer {token}"))
            }
            Self::Basic(user, password) => {
                let password = password.expose_secret();
                if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
                    return Err("the user holds a colon, or user or password hold control characters");
                }
                let pair = SecretString::from(format!("{user}:{password}"));
                SecretString::from(format!("Basic {}", STANDARD.encode(pair.expose_secret())))
            }
        };
        let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| "no header may hold the credential")?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The scheme, no more.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer",
            Self::Basic(..) => "Basic",
        })
    }
}

/// Whether there is a credential among the headers.
pub(super) fn holds_credentials(headers: &HeaderMap) -> bool {
    headers.values().any(HeaderValue::is_sensitive)
}

/// Whether whoever listens on the way to `url` reads what is sent.
pub(super) fn is_in_the_clear(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    };
    url.scheme() != "https" && !loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_written_as_the_standards_say() {
        fn check(credential: &Credential, expected: Result<&str, ()>) {
            let header = credential.header();
            assert_eq!(header.as_ref().map(|value| value.to_str().unwrap()).map_err(|_| ()), expected);
            assert!(header.is_ok_and(|value| value.is_sensitive()) || expected.is_err());
        }
        let basic = |user: &str, password: &str| Credential::Basic(user.to_owned(), password.into());
        check(&Credential::Bearer("mF_9.B5f-4.1JqM".into()), Ok("Bearer mF_9.B5f-4.1JqM"));
        check(&Credential::Bearer("".into()), Err(()));
        check(&Credential::Bearer("a b".into()), Err(()));
        check(&Credential::Bearer("a\r\nx: y".into()), Err(()));
        // The examples of RFC 7617, sections 2 and 2.1.
        check(&basic("Aladdin", "open sesame"), Ok("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        check(&basic("test", "123\u{a3}"), Ok("Basic dGVzdDoxMjPCow=="));
        check(&basic("a:b", "c"), Err(()));
        check(&basic("a", "b\n"), Err(()));
        assert_eq!(format!("{:?}", basic("Aladdin", "open sesame")), "Basic");
    }

    #[test]
    fn only_loopback_and_https_keep_a_secret() {
        for (url, expected) in [
            ("http://10.0.0.7", true),
            ("http://till.example", true),
            ("http://localhost.example", true),
            ("https://10.0.0.7", false),
            ("http://127.9.9.9:81", false),
            ("http://[::1]", false),
            ("http://localhost", false),
            ("http://a.localhost.", false),
        ] {
            assert_eq!(is_in_the_clear(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
