//! Whom names lead to: addresses that were told, a resolver of one's own, and what fails.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use steadfast_pool::backoff::Policy;
use steadfast_pool::{ErrorKind, Pool, PoolConfig, Proxies, Reached, Request, Resolve, ResolveFuture};
use steadfast_testkit::{Reply, Script, Server};

use crate::transports::{self, pools};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn server() -> (Server, String) {
    let server = Server::start(Script::new().always(Reply::status(200).body("hello"))).await.unwrap();
    let url = server.url().replace("127.0.0.1", "Api.Test");
    (server, url)
}

fn direct() -> PoolConfig {
    PoolConfig::new().proxies(Proxies::none())
}

/// Knows `api.test`; notes what it was asked.
#[derive(Debug, Default)]
struct Book(Mutex<Vec<String>>);

impl Resolve for Book {
    fn resolve(&self, host: &str) -> ResolveFuture {
        self.0.lock().unwrap().push(host.to_owned());
        let found = match host {
            "api.test" => Ok(vec![HERE]),
            "empty.test" => Ok(Vec::new()),
            _ => Err(io::Error::other("canary")),
        };
        Box::pin(async { found })
    }
}

#[tokio::test]
async fn addresses_that_were_told_go_before_all_else() {
    let (server, url) = server().await;
    let book = Arc::new(Book::default());
    for pool in pools(&direct().resolver(book.clone()).resolve("API.test", [HERE])) {
        assert_eq!(pool.execute(Request::get(&url).unwrap()).await.unwrap().text(), "hello");
    }
    assert!(book.0.lock().unwrap().is_empty());
    assert!(server.seen().iter().all(|seen| seen.headers.get("host").unwrap().starts_with("api.test:")));
}

#[tokio::test]
async fn a_resolver_of_ones_own_is_asked() {
    let (_server, url) = server().await;
    let book = Arc::new(Book::default());
    for pool in pools(&direct().resolver(book.clone())) {
        assert_eq!(pool.execute(Request::get(&url).unwrap()).await.unwrap().text(), "hello");
        for unknown in ["http://empty.test/", "http://unknown.test/"] {
            let error = pool.execute(Request::get(unknown).unwrap()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts()[0].reached),
                (ErrorKind::Dns, Reached::NotConnected),
                "{error:?}"
            );
        }
    }
    assert_eq!(book.0.lock().unwrap().len(), 3 * transports::ALL.len());
}

#[tokio::test]
async fn an_address_that_does_not_answer_does_not_hide_the_others() {
    let (_server, url) = server().await;
    // Nobody listens at the first; the second has the server.
    let addresses = [IpAddr::V6(Ipv6Addr::LOCALHOST), HERE];
    for pool in pools(&direct().resolve("api.test", addresses)) {
        assert_eq!(pool.execute(Request::get(&url).unwrap()).await.unwrap().text(), "hello");
    }
    let (gone, url) = server().await;
    gone.stop().await;
    for pool in pools(&direct().resolve("api.test", addresses)) {
        let error = pool.execute(Request::get(&url).unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    }
}

#[tokio::test]
async fn one_port_of_a_host_may_lead_elsewhere() {
    let (server, url) = server().await;
    let port = server.addr().port();
    let config = direct().resolve(&format!("api.test:{port}"), [HERE]).resolve("api.test", []);
    let pool = Pool::builder().config(config.clone()).retry(Policy::disabled()).build().unwrap();
    assert_eq!(pool.execute(Request::get(&url).unwrap()).await.unwrap().text(), "hello");
    let error = pool.execute(Request::get("http://api.test:1/").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dns);
    for make in &transports::ALL[1..] {
        let error = make(&config).unwrap_err();
        assert_eq!(error.to_string(), "an address for one port of a host needs the pool's own transport");
    }
}
