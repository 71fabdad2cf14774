//! URLs without what must not be told.

use http::HeaderValue;
use url::Url;

/// Scheme, host, port and path of a URL: without user, password, query and fragment, where credentials travel.
///
/// ```
/// let url = "https://me:secret@api.example.com/v1/chat?key=secret".parse().unwrap();
/// assert_eq!(steadfast_pool::redacted(&url), "https://api.example.com/v1/chat");
/// ```
#[must_use]
pub fn redacted(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), authority(url), url.path())
}

/// Host and port as they are dialled: the key of everything that is kept per host.
pub(crate) fn authority(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

/// Whether a header holds what gives access, by its name or its mark.
pub(crate) fn is_credential(name: &str, value: &HeaderValue) -> bool {
    const WORDS: [&str; 10] =
        ["auth", "cookie", "api-key", "apikey", "token", "secret", "password", "passwd", "session", "subscription-key"];
    value.is_sensitive() || WORDS.iter().any(|word| name.contains(word))
}
