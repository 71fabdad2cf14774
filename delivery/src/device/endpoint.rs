//! Paths below a device's address: appended to it, never put in its place.

use url::Url;

use super::Device;

/// A path below the address of any device, with its query if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    path: String,
    query: Option<String>,
}

impl Path {
    /// Reads a path such as `/update`.
    ///
    /// The text of the refusal says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (text, None),
        };
        if text.contains('#') {
            return Err("a path has no fragment");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("a path has no spaces and no control characters");
        }
        if path.contains("://") {
            return Err("give a path below the device's address, not a URL");
        }
        let path = path.trim_start_matches('/');
        // A URL parser takes these for steps up, also when they are escaped: the path would leave the device's base.
        let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if path.split(['/', '\\']).any(climbs) {
            return Err("a path has no `.` and `..` segments");
        }
        Ok(Self { path: path.to_owned(), query })
    }
}

/// The URL of `path` below `base`.
pub(crate) fn endpoint(base: &Url, path: &Path) -> Url {
    let mut url = base.clone();
    if !path.path.is_empty() {
        let joined = format!("{}/{}", base.path().trim_end_matches('/'), path.path);
        url.set_path(&joined);
    }
    url.set_query(path.query.as_deref());
    url
}

/// A URL that the device tells, relative to `base`; none when it leads to another origin than the device's own, where our
/// credentials do not belong.
pub(crate) fn told_url(device: &Device, base: &Url, told: &str) -> Option<Url> {
    let mut url = base.join(told).ok()?;
    url.set_fragment(None);
    let own = url.origin() == device.address().origin() && url.username().is_empty() && url.password().is_none();
    own.then_some(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever path is accepted, and whatever the base: the request goes to the base's host, below the base's path.
        #[test]
        fn no_path_leaves_its_base(base in "(/[a-z0-9._~%-]{1,5}){0,3}/?", path in "[ -~]{0,12}") {
            let base: Url = format!("http://h:81{base}").parse().unwrap();
            if let Ok(path) = Path::parse(&path) {
                let url = endpoint(&base, &path);
                prop_assert_eq!((url.host_str(), url.port()), (Some("h"), Some(81)));
                let below = base.path().trim_end_matches('/');
                prop_assert!(url.path() == base.path() || url.path().starts_with(&format!("{below}/")), "{}", url);
            }
        }
    }

    #[test]
    fn paths_are_appended() {
        fn check(base: &str, path: &str, expected: &str) {
            let url = endpoint(&base.parse().unwrap(), &Path::parse(path).unwrap());
            assert_eq!(url.as_str(), expected, "{base} + {path}");
        }
        check("http://h/d/7", "/update", "http://h/d/7/update");
        check("http://h/d/7/", "update", "http://h/d/7/update");
        check("http://h", "/update", "http://h/update");
        check("http://h:81", "/a/b?x=1", "http://h:81/a/b?x=1");
        check("http://h/d/7", "//evil/update", "http://h/d/7/evil/update");
        check("http://h/d/7", "", "http://h/d/7");
        check("http://h/d/7", "/a:b@c", "http://h/d/7/a:b@c");
    }

    #[test]
    fn a_path_stays_below_its_base() {
        for path in ["/../update", "a/%2E%2e/b", "..", ".", "a\\..\\b", "http://other/update", "/a#b", "/a b", "/a\n"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_url_that_is_told_stays_at_its_device() {
        fn check(told: &str, expected: Option<&str>) {
            let device = Device::new("d", "https://10.0.0.7:8443/d/7").unwrap();
            let base: Url = "https://10.0.0.7:8443/d/7/update".parse().unwrap();
            let url = told_url(&device, &base, told);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{told}");
        }
        check("/files/1", Some("https://10.0.0.7:8443/files/1"));
        check("files/1?x=2#here", Some("https://10.0.0.7:8443/d/7/files/1?x=2"));
        check("https://10.0.0.7:8443/files/1", Some("https://10.0.0.7:8443/files/1"));
        check("//10.0.0.7:8443/files/1", Some("https://10.0.0.7:8443/files/1"));
        check("//10.0.0.8:8443/files/1", None);
        check("https://10.0.0.7/files/1", None);
        check("http://10.0.0.7:8443/files/1", None);
        check("https://me:secret@10.0.0.7:8443/files/1", None);
        check("javascript:1", None);
        check("https://", None);
    }
}
