//! Which proxy serves which host.

use proptest::prelude::*;

use super::*;

fn from(variables: &[(&str, &str)]) -> Result<Proxies, Error> {
    Proxies::from_variables(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn of(proxies: &Proxies, url: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let host = url.host_str().unwrap().trim_matches(['[', ']']);
    let proxy = proxies.of(url.scheme() == "https", host, url.port_or_known_default().unwrap());
    proxy.map(|proxy| proxy.place())
}

#[test]
fn variables_name_proxies() {
    let http = Some("http://p:80");
    for (variables, http_host, https_host) in [
        (&[][..], None, None),
        (&[("http_proxy", "p")], http, None),
        (&[("HTTP_PROXY", "http://p")], http, None),
        (&[("http_proxy", "p"), ("HTTP_PROXY", "other")], http, None),
        (&[("http_proxy", " "), ("HTTP_PROXY", "p")], http, None),
        (&[("https_proxy", "https://p")], None, Some("https://p:443")),
        (&[("HTTPS_PROXY", "p:3128")], None, Some("http://p:3128")),
        (&[("all_proxy", "socks5://p")], Some("socks5://p:1080"), Some("socks5://p:1080")),
        (&[("ALL_PROXY", "socks5h://p:9"), ("https_proxy", "p")], Some("socks5h://p:9"), http),
        (&[("http_proxy", "http://[2001:db8::1]:8080")], Some("http://[2001:db8::1]:8080"), None),
        // A header `Proxy:` of a CGI request comes as HTTP_PROXY.
        (&[("HTTP_PROXY", "p"), ("REQUEST_METHOD", "GET")], None, None),
        (&[("http_proxy", "p"), ("HTTP_PROXY", "evil"), ("REQUEST_METHOD", "GET")], http, None),
        (&[("all_proxy", "p"), ("NO_PROXY", "example.com")], None, None),
        (&[("all_proxy", "p"), ("no_proxy", "other.com"), ("NO_PROXY", "*")], http, http),
    ] {
        let proxies = from(variables).unwrap();
        assert_eq!(of(&proxies, "http://example.com/").as_deref(), http_host, "{variables:?}");
        assert_eq!(of(&proxies, "https://example.com/").as_deref(), https_host, "{variables:?}");
        assert_eq!(of(&proxies, "http://127.0.0.1/"), None);
    }
}

#[test]
fn malformed_variables_are_named_and_not_told() {
    for (name, value) in [
        ("http_proxy", "http://canary:canary@"),
        ("HTTP_PROXY", "http://canary:pw@host:canary"),
        ("https_proxy", "socks4://canary@host"),
        ("HTTPS_PROXY", "socks5://canary:@host"),
        ("all_proxy", "http://%ffcanary@host"),
        ("ALL_PROXY", "canary%3Aer:pw@host"),
        ("no_proxy", "canary/8"),
        ("NO_PROXY", "10.0.0.0/33"),
        ("NO_PROXY", "canary.com:x"),
        ("NO_PROXY", "[::1"),
        ("NO_PROXY", "[::1]8"),
    ] {
        let error = from(&[(name, value)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let told = format!("{error} {error:?}");
        assert!(told.contains(name) && !told.contains("canary"), "{told}");
    }
}

#[test]
fn what_no_proxy_matches() {
    // curl's cases (tests/unit/unit1614.c) with those of Go's httpproxy for networks and ports.
    for (list, url, direct) in [
        ("", "http://example.com", false),
        ("*", "http://example.com", true),
        ("example.com", "http://example.com", true),
        ("example.com", "http://EXAMPLE.com.", true),
        ("example.com", "http://www.example.com", true),
        ("example.com", "http://notexample.com", false),
        ("example.com", "http://example.com.evil.net", false),
        ("example.com", "http://com", false),
        (".example.com", "http://www.example.com", true),
        (".example.com", "http://example.com", true),
        ("*.example.com", "http://www.example.com", true),
        ("example.com.", "http://example.com", true),
        ("www.example.com", "http://example.com", false),
        ("a.com, b.com", "http://b.com", true),
        ("a.com b.com", "http://b.com", true),
        (",,a.com,,", "http://a.com", true),
        ("example.com:8080", "http://example.com:8080", true),
        ("example.com:8080", "http://sub.example.com:8080", true),
        ("example.com:8080", "http://example.com", false),
        ("example.com:80", "http://example.com", true),
        ("example.com:443", "https://example.com", true),
        ("192.0.2.1", "http://192.0.2.1", true),
        ("192.0.2.1", "http://192.0.2.10", false),
        ("192.0.2.1:80", "http://192.0.2.1:81", false),
        ("192.0.2.0/24", "http://192.0.2.200", true),
        ("192.0.2.0/24", "http://192.0.3.1", false),
        ("192.0.2.7/24", "http://192.0.2.200", true),
        ("0.0.0.0/0", "http://192.0.2.200", true),
        ("0.0.0.0/0", "http://example.com", false),
        ("192.0.2.1/32", "http://192.0.2.2", false),
        ("2001:db8::1", "http://[2001:db8::1]", true),
        ("[2001:db8::1]", "http://[2001:0db8::0001]:99", true),
        ("[2001:db8::1]:80", "http://[2001:db8::1]:99", false),
        ("2001:db8::/32", "http://[2001:db8:ffff::]", true),
        ("2001:db8::/32", "http://[2001:db9::]", false),
        ("::/0", "http://[2001:db9::]", true),
        ("10.0.0.0/8", "http://[::ffff:10.1.2.3]", true),
        ("::ffff:10.0.0.0/104", "http://10.1.2.3", true),
        ("", "http://localhost", true),
        ("", "http://a.localhost:99", true),
        ("", "http://notlocalhost", false),
        ("", "https://127.8.9.1", true),
        ("", "http://[::1]", true),
        ("", "http://[::ffff:127.0.0.1]", true),
    ] {
        let proxies = Proxies::none().all(Proxy::new("p").unwrap()).bypass(list).unwrap();
        assert_eq!(of(&proxies, url).is_none(), direct, "{list:?} {url}");
    }
}

#[test]
fn what_is_set_goes_before_the_environment() {
    let proxies = from(&[("http_proxy", "a"), ("all_proxy", "b")]).unwrap().http(Proxy::new("c").unwrap());
    assert_eq!(of(&proxies, "http://h/").as_deref(), Some("http://c:80"));
    assert_eq!(of(&proxies, "https://h/").as_deref(), Some("http://b:80"));
    let settled = Proxies::none().all(Proxy::new("c").unwrap()).settled().unwrap();
    assert_eq!(of(&settled, "http://h/").as_deref(), Some("http://c:80"));
}

#[test]
fn credentials_are_decoded_and_never_shown() {
    let proxy = Proxy::new("http://me:canary%40%3A@host").unwrap();
    let credentials = proxy.credentials.as_ref().unwrap();
    assert_eq!((&*credentials.user, &*credentials.password), ("me", "canary@:"));
    let given = Proxy::new("host").unwrap().credentials("me", "canary@:").unwrap();
    assert_eq!(proxy, given);
    let told = format!("{proxy:?} {:?}", Proxies::from_environment().all(given));
    assert!(told.contains("with credentials") && !told.contains("canary"), "{told}");
    for (url, user, password) in [("http://h", "a:b", "x"), ("socks5://h", "", "x"), ("socks5h://h", "me", "")] {
        assert_eq!(Proxy::new(url).unwrap().credentials(user, password).unwrap_err().kind(), ErrorKind::Config);
    }
    assert!(Proxy::new("socks5://h").unwrap().credentials("me", &"x".repeat(256)).is_err());
}

proptest! {
    /// A name that is reached directly takes every name below it along, whatever the case, and nothing that merely ends in
    /// the same letters; the order of entries does not matter.
    #[test]
    fn a_name_means_what_is_below_it(
        entries in proptest::collection::vec("[a-z]{1,3}\\.(com|net)", 1..5),
        below in "[a-z]{1,4}",
        index: prop::sample::Index,
    ) {
        let name = &entries[index.index(entries.len())];
        let backwards: Vec<_> = entries.iter().rev().map(String::as_str).collect();
        for list in [entries.join(","), backwards.join(" ")] {
            let proxies = Proxies::none().all(Proxy::new("p").unwrap()).bypass(&list).unwrap();
            let direct = |host: &str| proxies.of(true, host, 443).is_none();
            let (inside, after, beside) =
                (format!("{below}.{}", name.to_uppercase()), format!("{name}.{below}"), format!("{below}---{name}"));
            prop_assert!(direct(name) && direct(&inside));
            prop_assert!(!direct(&after) && !direct(&beside));
        }
    }

    /// No list and no URL of a proxy makes reading them panic.
    #[test]
    fn any_text_is_read(text: String, host: String) {
        if let Ok(proxies) = from(&[("all_proxy", "p"), ("no_proxy", &text)]) {
            proxies.of(false, &host, 80);
        }
        let _ = Proxy::new(&text);
    }
}
