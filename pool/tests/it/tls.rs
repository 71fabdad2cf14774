//! TLS over real sockets: whom it trusts, who it says that it is, and what each failure is called.

use std::net::{IpAddr, Ipv4Addr};

use steadfast_pool::{Error, ErrorKind, Pin, PoolConfig, Proxies, Reached, Request, Response, Tls};
use steadfast_testkit::{Alpn, Authority, Http2, Leaf, Reply, Script, Server, ServerTls, TlsIdentity};

use crate::transports;

const HERE: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];

async fn serve(tls: ServerTls) -> Server {
    Server::builder().tls(tls).script(Script::new().always(Reply::status(200))).start().await.unwrap()
}

/// Calls `server` by the name `good.test` over each transport.
async fn call(server: &Server, tls: &Tls) -> Vec<Result<Response, Error>> {
    let url = server.url().replace("127.0.0.1", "good.test");
    let config = PoolConfig::new().tls(tls.clone()).proxies(Proxies::none()).resolve("good.test", HERE);
    let mut results = Vec::new();
    for pool in transports::pools(&config) {
        results.push(pool.execute(Request::get(&url).unwrap()).await);
    }
    results
}

async fn works(server: &Server, tls: &Tls) {
    for result in call(server, tls).await {
        assert_eq!(result.unwrap().status(), 200);
    }
}

/// Every transport fails with these words.
async fn fails(server: &Server, tls: &Tls, words: &str) {
    for result in call(server, tls).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
        let told = error.to_string();
        assert!(
            told.starts_with(&format!("GET https://good.test:{}/: TLS handshake failed: ", port(server))),
            "{told}"
        );
        assert!(told.contains(words), "{told}");
        assert_eq!(error.attempts()[0].reached, Reached::NotConnected);
    }
}

fn port(server: &Server) -> &str {
    server.url().trim_end_matches('/').rsplit_once(':').unwrap().1
}

fn trusting(authority: &Authority) -> Tls {
    Tls::new().add_root_pem(authority.root_pem().as_bytes()).unwrap().only_these_roots()
}

fn good(authority: &Authority) -> TlsIdentity {
    authority.issue(Leaf::server(["good.test"])).unwrap()
}

#[tokio::test]
async fn added_roots_are_trusted_with_and_without_those_of_the_machine() {
    let authority = Authority::new().unwrap();
    let server = serve(ServerTls::new(good(&authority))).await;
    works(&server, &trusting(&authority)).await;
    works(&server, &Tls::new().add_root_der(authority.root_der()).unwrap()).await;
    works(&server, &trusting(&authority).min_tls_13()).await;
    assert_eq!(server.handshakes().failed, 0);
}

#[tokio::test]
async fn every_bad_certificate_is_told_as_what_it_is() {
    let authority = Authority::new().unwrap();
    let tls = trusting(&authority);
    for (leaf, words) in [
        (Leaf::server(["good.test"]).expired(), " days ago"),
        (Leaf::server(["good.test"]).not_yet_valid(), " days"),
        (Leaf::server(["bad.test"]), "the certificate is not valid for this host name"),
        (
            Leaf::server(["good.test"]).self_signed(),
            "the certificate is not signed by a trusted root: it is self-signed",
        ),
    ] {
        let server = serve(ServerTls::new(authority.issue(leaf).unwrap())).await;
        fails(&server, &tls, words).await;
        let open = call(&server, &tls.clone().danger_accept_invalid_certs(true)).await;
        assert!(open.iter().all(Result::is_ok), "{open:?}");
    }
    let other = Authority::new().unwrap();
    let server = serve(ServerTls::new(good(&other))).await;
    // The authorities of the kit have one name and different keys.
    let words = "the certificate is not signed by a trusted root: it only says that it is";
    fails(&server, &tls, words).await;
    fails(&server, &Tls::new(), "the certificate is not signed by a trusted root").await;
}

#[tokio::test]
async fn expired_and_too_early_are_told_with_how_much() {
    let authority = Authority::new().unwrap();
    for (leaf, before, after) in [
        (Leaf::server(["good.test"]).expired(), "the certificate expired ", " days ago"),
        (Leaf::server(["good.test"]).not_yet_valid(), "the certificate is not valid yet, only in ", " days"),
    ] {
        let server = serve(ServerTls::new(authority.issue(leaf).unwrap())).await;
        for result in call(&server, &trusting(&authority)).await {
            let told = result.unwrap_err().to_string();
            let days = told.split_once(before).and_then(|(_, rest)| rest.strip_suffix(after)).unwrap();
            assert!(days.parse::<u32>().is_ok_and(|days| days > 1000), "{told}");
        }
    }
}

#[tokio::test]
async fn handshakes_that_do_not_come_about() {
    let authority = Authority::new().unwrap();
    let tls = trusting(&authority);
    let obsolete = serve(ServerTls::obsolete()).await;
    fails(&obsolete, &tls, "the server speaks no TLS 1.2 or 1.3").await;
    let older = serve(ServerTls::new(good(&authority)).tls12_only()).await;
    works(&older, &tls).await;
    fails(&older, &tls.clone().min_tls_13(), "the server speaks no version of TLS that is wanted").await;
    for (alert, words) in [
        (40, "the server refuses the handshake: it may demand a client certificate or other ciphers"),
        (70, "the server speaks no version of TLS that is wanted"),
        (71, "the server demands other ciphers"),
        (80, "the server ended the handshake with the alert 80"),
        (112, "the server does not know this host name"),
        (116, "the server demands a client certificate"),
    ] {
        fails(&serve(ServerTls::alert(alert)).await, &tls, words).await;
    }
    let plain = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let url = plain.url().replace("http://127.0.0.1", "https://good.test");
    for pool in transports::pools(&PoolConfig::new().proxies(Proxies::none()).resolve("good.test", HERE)) {
        let error = pool.execute(Request::get(&url).unwrap()).await.unwrap_err();
        assert!(error.to_string().ends_with("TLS handshake failed: the server does not speak TLS"), "{error}");
    }
}

#[tokio::test]
async fn the_protocol_is_agreed_on() {
    let authority = Authority::new().unwrap();
    let server = serve(ServerTls::new(good(&authority)).alpn(Alpn::None)).await;
    works(&server, &trusting(&authority)).await;
    let server = serve(ServerTls::new(good(&authority)).alpn(Alpn::Http1)).await;
    works(&server, &trusting(&authority)).await;
    assert_eq!(server.handshakes().http1, transports::ALL.len() as u64);
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_who_demands_it() {
    let authority = Authority::new().unwrap();
    let client = authority.issue(Leaf::client("me")).unwrap();
    let identified = |identity: &TlsIdentity| {
        trusting(&authority).client_certificate(identity.certificate_pem().as_bytes(), identity.key_pem().as_bytes())
    };
    for older in [false, true] {
        let demanding = ServerTls::new(good(&authority)).require_client(&authority);
        let server = serve(if older { demanding.tls12_only() } else { demanding }).await;
        works(&server, &identified(&client).unwrap()).await;
        assert_eq!(server.handshakes().with_client_certificate, transports::ALL.len() as u64);
        for result in call(&server, &trusting(&authority)).await {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
            assert!(error.to_string().contains("demand"), "{error}");
            assert!(!error.attempts()[0].maybe_executed, "{error:?}");
        }
        let stranger = Authority::new().unwrap().issue(Leaf::client("me")).unwrap();
        for result in call(&server, &identified(&stranger).unwrap()).await {
            let error = result.unwrap_err();
            assert!(error.to_string().contains("the server refuses the client certificate"), "{error:?}");
        }
        assert!(server.seen().len() == transports::ALL.len());
    }
}

#[tokio::test]
async fn a_client_certificate_is_demanded_over_http2_too() {
    let authority = Authority::new().unwrap();
    let tls = ServerTls::new(good(&authority)).require_client(&authority);
    let server = Server::builder().http2(Http2::new()).tls(tls).start().await.unwrap();
    for result in call(&server, &trusting(&authority)).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn pins_are_demanded_in_addition() {
    let authority = Authority::new().unwrap();
    let identity = good(&authority);
    let (own, root) = (Pin::sha256(identity.public_key_sha256()), Pin::of_certificate(authority.root_der()).unwrap());
    assert_eq!(own, Pin::of_certificate(identity.certificate_der()).unwrap());
    let other = Pin::sha256([7; 32]);
    let server = serve(ServerTls::new(identity)).await;
    let tls = || trusting(&authority);
    works(&server, &tls().pin("good.test", own)).await;
    works(&server, &tls().pin("GOOD.test.", own)).await;
    // The second is for the day on which the first key is lost.
    works(&server, &tls().pin("good.test", other).pin("good.test", own)).await;
    works(&server, &tls().pin_all(own)).await;
    works(&server, &tls().pin_all(root)).await;
    // Those of the host go before those of all; those of other hosts do not matter.
    works(&server, &tls().pin_all(other).pin("good.test", root)).await;
    works(&server, &tls().pin("test", other)).await;
    let words = "the certificate does not match the pins of the host";
    fails(&server, &tls().pin("good.test", other), words).await;
    fails(&server, &tls().pin_all(other), words).await;
    fails(&server, &tls().pin_all(own).pin("good.test", other), words).await;
    fails(&server, &tls().danger_accept_invalid_certs(true).pin("good.test", other), words).await;
    // A pin does not make anybody trusted.
    let stranger = Tls::new().add_root_der(Authority::new().unwrap().root_der()).unwrap().only_these_roots();
    fails(&server, &stranger.pin("good.test", own), "it only says that it is").await;
}

#[test]
fn settings_are_checked_when_they_are_made() {
    let authority = Authority::new().unwrap();
    let (mine, yours) = (good(&authority), good(&authority));
    let pem = |identity: &TlsIdentity| (identity.certificate_pem().to_owned(), identity.key_pem().to_owned());
    let ((chain, key), (_, other)) = (pem(&mine), pem(&yours));
    let client = |chain: &str, key: &str| Tls::new().client_certificate(chain.as_bytes(), key.as_bytes());
    let broken = chain.replace("MII", "\u{7f}");
    for (result, words) in [
        (Tls::new().add_root_pem(b""), "there is no certificate in the PEM of the roots"),
        (Tls::new().add_root_pem(key.as_bytes()), "there is no certificate in the PEM of the roots"),
        (Tls::new().add_root_pem(broken.as_bytes()), "the PEM of the roots is malformed"),
        (Tls::new().add_root_der(b"canary"), "a root is no X.509 certificate"),
        (client("", &key), "there is no certificate in the PEM of the client certificate"),
        (client(&chain, ""), "there is no readable private key in the PEM of the client's key"),
        (client(&chain, &chain), "there is no readable private key in the PEM of the client's key"),
        (client(&chain, &other), "the client's certificate and key cannot be used together"),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Config, words));
    }
    for make in transports::ALL {
        let error = make(&PoolConfig::new().tls(Tls::new().only_these_roots())).unwrap_err();
        assert_eq!(error.to_string(), "only_these_roots is set, but no root was added");
    }
    let tls = client(&chain, &key).unwrap();
    let secret: String = key.lines().nth(1).unwrap().chars().take(20).collect();
    let told = format!("{tls:?} {:?}", PoolConfig::new().tls(tls.clone()));
    assert!(told.contains("client_certificate: true") && !told.contains(&secret), "{told}");
}

#[test]
fn pins_are_read_and_written() {
    // The example of RFC 7469, section 2.1.5, in the form of this crate and that of curl.
    let text = "sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=";
    let pin: Pin = text.parse().unwrap();
    assert_eq!(pin.to_string(), text);
    assert_eq!(text.replace('/', "//").parse::<Pin>().unwrap(), pin);
    for wrong in ["", "sha256/", "sha256/AAAA", "sha1/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=", "d6qz"] {
        assert_eq!(wrong.parse::<Pin>().unwrap_err().kind(), ErrorKind::Config, "{wrong}");
    }
    assert!(Pin::of_certificate(b"canary").is_err());
}
