//! Proxies over real sockets: what reaches them, what reaches the host behind them, and what each failure is called.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::header;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use steadfast_pool::{Error, ErrorKind, PoolConfig, Proxies, Proxy, Reached, Request, Tls};
use steadfast_testkit::{
    Authority, Http2, Leaf, Proxy as Kit, ProxyBuilder, ProxyFault, ProxyOutcome, Reply, Script, Server, ServerTls,
};
use tokio::net::{TcpListener, TcpStream};

use crate::transports::{self, pools};

const SECRET: &str = "canary:/@7f3a";

fn script() -> Script {
    Script::new().always(Reply::status(200).body("hello"))
}

fn secure(authority: &Authority) -> ServerTls {
    ServerTls::new(authority.issue(Leaf::server(["api.test", "proxy.test"])).unwrap())
}

async fn behind(proxy: ProxyBuilder, server: &Server) -> Kit {
    proxy.resolve("api.test", server.addr()).start().await.unwrap()
}

fn through(proxy: &Kit) -> Proxy {
    Proxy::new(&proxy.url()).unwrap()
}

fn url(server: &Server) -> String {
    server.url().replace("127.0.0.1", "api.test")
}

/// One call over each transport, by that proxy and nothing else.
async fn call(config: PoolConfig, proxy: Proxy, url: &str) -> Vec<Result<String, Error>> {
    let config = config.proxies(Proxies::none().all(proxy));
    let mut results = Vec::new();
    for pool in pools(&config) {
        let answer = pool.execute(Request::get(url).unwrap()).await;
        results.push(answer.and_then(|answer| answer.error_for_status()).map(|answer| answer.text()));
    }
    results
}

async fn works(config: PoolConfig, proxy: Proxy, url: &str) {
    for result in call(config, proxy, url).await {
        assert_eq!(result.unwrap(), "hello");
    }
}

/// Each transport fails with the first words; the pool's own with the whole.
async fn fails(proxy: Proxy, url: &str, first: &str, rest: &str) {
    let mut words = format!("the proxy failed: {first}{rest}");
    for result in call(PoolConfig::new(), proxy, url).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Proxy, "{error:?}");
        assert_eq!(error.attempts()[0].reached, Reached::NotConnected);
        let told = format!("{error} {error:?}");
        assert!(error.to_string().contains(&words), "{told}");
        assert!(!told.contains("canary") && !told.contains("Y2FuYXJ5"), "{told}");
        words = format!("the proxy failed: {first}");
    }
}

#[tokio::test]
async fn http_is_forwarded_and_https_goes_through_a_tunnel() {
    let authority = Authority::new().unwrap();
    let plain = Server::start(script()).await.unwrap();
    let secure = Server::builder().tls(secure(&authority)).script(script()).start().await.unwrap();
    let config = || PoolConfig::new().tls(Tls::new().add_root_der(authority.root_der()).unwrap().only_these_roots());
    for (server, tunnel) in [(&plain, false), (&secure, true)] {
        let proxy = behind(Kit::http(), server).await;
        works(config(), through(&proxy), &format!("{}/v1?q=1", url(server))).await;
        assert!(proxy.seen().iter().all(|seen| seen.host == "api.test" && seen.tunnel == tunnel), "{:?}", proxy.seen());
        assert_eq!(proxy.opened(), transports::ALL.len() as u64);
        assert!(server.seen().iter().all(|seen| seen.path == "/v1?q=1"), "{:?}", server.seen());
    }
}

#[tokio::test]
async fn credentials_reach_the_proxy_and_nobody_else() {
    let authority = Authority::new().unwrap();
    let plain = Server::start(script()).await.unwrap();
    let secure = Server::builder().tls(secure(&authority)).script(script()).start().await.unwrap();
    let config = || PoolConfig::new().tls(Tls::new().add_root_der(authority.root_der()).unwrap().only_these_roots());
    for server in [&plain, &secure] {
        for kind in [Kit::http, Kit::socks5] {
            let proxy = behind(kind().credentials("me", SECRET), server).await;
            works(config(), through(&proxy).credentials("me", SECRET).unwrap(), &url(server)).await;
            assert!(proxy.seen().iter().all(|seen| seen.outcome == ProxyOutcome::Opened), "{:?}", proxy.seen());
        }
        for seen in server.seen() {
            assert_eq!(seen.headers.get(header::PROXY_AUTHORIZATION.as_str()), None);
        }
    }
}

#[tokio::test]
async fn refusals_are_told_with_their_reason_and_without_credentials() {
    let server = Server::builder().tls(ServerTls::silent()).start().await.unwrap();
    let url = url(&server);
    let wrong = |proxy: &Kit| through(proxy).credentials("canary", "canary").unwrap();
    let picky = behind(Kit::http().credentials("me", SECRET), &server).await;
    fails(through(&picky), &url, "it answered 407 to CONNECT: ", "it wants credentials").await;
    fails(wrong(&picky), &url, "it answered 407 to CONNECT: ", "it refuses the credentials").await;
    let picky = behind(Kit::socks5().credentials("me", SECRET), &server).await;
    fails(through(&picky), &url, "it ", "wants credentials").await;
    fails(wrong(&picky), &url, "it ", "refuses the credentials").await;
    for (kind, fault, first, rest) in [
        (Kit::http as fn() -> ProxyBuilder, ProxyFault::Refuse(502), "it ", "answered 502 to CONNECT"),
        (Kit::http, ProxyFault::Garbage, "it ", "does not speak valid HTTP"),
        (Kit::http, ProxyFault::Close, "it ", "closed the connection before an answer"),
        (Kit::socks5, ProxyFault::Refuse(2), "it", "s answer is 2: the connection is not allowed"),
        (Kit::socks5, ProxyFault::Refuse(5), "it", "s answer is 5: the host refused the connection"),
        (Kit::socks5, ProxyFault::Garbage, "it ", "does not speak SOCKS 5"),
        (Kit::socks5, ProxyFault::Close, "", "the connection to it was lost"),
    ] {
        fails(through(&behind(kind().fault(fault), &server).await), &url, first, rest).await;
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_not_taken_for_the_host() {
    let gone = Kit::http().start().await.unwrap();
    let proxy = through(&gone);
    gone.stop().await;
    fails(proxy, "https://api.test/", "connection refused", "").await;
    fails(Proxy::new("no-such-proxy.invalid").unwrap(), "https://api.test/", "the host name does not resolve", "")
        .await;
}

#[tokio::test]
async fn names_are_resolved_here_or_there() {
    let server = Server::start(script()).await.unwrap();
    let proxy = behind(Kit::socks5(), &server).await;
    let there = through(&proxy);
    let here = Proxy::new(&proxy.url().replace("socks5h", "socks5")).unwrap();
    works(PoolConfig::new(), there, &url(&server)).await;
    assert!(proxy.seen().iter().all(|seen| seen.host == "api.test"), "{:?}", proxy.seen());
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let before = proxy.seen().len();
    works(PoolConfig::new().resolve("api.test", addresses), here, &url(&server)).await;
    assert!(proxy.seen()[before..].iter().all(|seen| seen.host == "127.0.0.1"), "{:?}", proxy.seen());
}

#[tokio::test]
async fn loopback_and_what_is_listed_is_reached_directly() {
    let server = Server::start(script()).await.unwrap();
    let proxy = Kit::http().start().await.unwrap();
    works(PoolConfig::new(), through(&proxy), server.url()).await;
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let proxies = Proxies::none().all(through(&proxy)).bypass(".test").unwrap();
    for pool in pools(&PoolConfig::new().proxies(proxies).resolve("api.test", addresses)) {
        assert_eq!(pool.execute(Request::get(&url(&server)).unwrap()).await.unwrap().text(), "hello");
    }
    assert_eq!(proxy.connections(), 0);
}

/// A proxy for HTTP behind TLS: what it decrypts goes to `proxy`.
async fn behind_tls(authority: &Authority, proxy: &Kit) -> Proxy {
    let identity = authority.issue(Leaf::server(["proxy.test"])).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from(identity.certificate_der().to_vec())];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key_der().to_vec()));
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let (listener, to) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), proxy.addr());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&config));
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(socket).await else { return };
                let mut proxy = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut proxy).await;
            });
        }
    });
    Proxy::new(&format!("https://proxy.test:{port}")).unwrap()
}

#[tokio::test]
async fn tls_goes_through_the_tls_of_a_proxy() {
    let authority = Authority::new().unwrap();
    let secure = Server::builder().tls(secure(&authority)).script(script()).start().await.unwrap();
    let plain = Server::start(script()).await.unwrap();
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    for server in [&secure, &plain] {
        let kit = behind(Kit::http().credentials("me", SECRET), server).await;
        let proxy = behind_tls(&authority, &kit).await.credentials("me", SECRET).unwrap();
        let tls = Tls::new().add_root_der(authority.root_der()).unwrap().only_these_roots();
        let config = PoolConfig::new().tls(tls).resolve("proxy.test", addresses);
        works(config, proxy.clone(), &url(server)).await;
        assert_eq!(kit.opened(), transports::ALL.len() as u64);
        // Its certificate is checked as a host's is.
        let config = PoolConfig::new().resolve("proxy.test", addresses);
        let errors = call(config, proxy, &url(server)).await;
        let own = errors[0].as_ref().unwrap_err();
        assert_eq!(own.kind(), ErrorKind::Proxy);
        let words = "the proxy failed: TLS handshake failed: the certificate is not signed by a trusted root";
        assert!(own.to_string().contains(words), "{own}");
        assert!(errors.iter().all(Result::is_err));
    }
}

#[tokio::test]
async fn http2_without_asking_goes_through_a_tunnel() {
    let server = Server::builder().http2(Http2::new()).script(script()).start().await.unwrap();
    let proxy = behind(Kit::http(), &server).await;
    let config = PoolConfig::new().http2_prior_knowledge(true).proxies(Proxies::none().http(through(&proxy)));
    let answer = pools(&config)[0].execute(Request::get(&url(&server)).unwrap()).await.unwrap();
    assert_eq!(answer.text(), "hello");
    assert!(proxy.seen()[0].tunnel);
}
