//! One call for each kind of failure.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use http_body_util::{BodyExt, StreamBody};
use steadfast_clock::Clock;
use steadfast_pool::backoff::Policy;
use steadfast_pool::{
    Body, CallContext, Error, ErrorKind as K, HostConfig, Phase, Pool, PoolBuilder, PoolConfig, Proxies, Proxy,
    Redirects, Request, Timeouts,
};
use steadfast_testkit::{DeadPort, Http2, Reply, Script, Server, ServerTls};

use crate::proof::until;

/// Short limits end what would not end.
const SHORT: Duration = Duration::from_millis(40);

fn config() -> PoolConfig {
    PoolConfig::new().proxies(Proxies::none())
}

fn over(config: PoolConfig) -> PoolBuilder {
    Pool::builder().config(config).retry(Policy::disabled())
}

fn get(url: &str) -> Request {
    Request::get(&format!("{url}/a?secret=1")).unwrap()
}

async fn fails(builder: PoolBuilder, request: Request) -> Error {
    builder.build().unwrap().execute(request).await.unwrap_err()
}

async fn serving(reply: Reply) -> Server {
    Server::start(Script::new().always(reply)).await.unwrap()
}

/// What a call to a server with this answer, and with these limits, ends with.
async fn answered(reply: Reply, timeouts: Timeouts) -> Error {
    let server = serving(reply).await;
    fails(over(config()), get(server.url()).timeouts(timeouts)).await
}

async fn over_http2(http2: Http2, script: Script) -> (Server, Pool) {
    let server = Server::builder().http2(http2).script(script).start().await.unwrap();
    (server, over(config().http2_prior_knowledge(true)).build().unwrap())
}

fn soon(pool: &Pool) -> CallContext {
    CallContext::new().deadline(pool.timer().now().saturating_add(SHORT))
}

pub(super) async fn all() -> Vec<(K, Error)> {
    let mut rows = before_anything_is_sent().await;
    rows.extend(without_a_connection().await);
    rows.extend(on_the_way().await);
    rows.extend(of_what_came().await);
    rows
}

async fn before_anything_is_sent() -> Vec<(K, Error)> {
    let ok = serving(Reply::status(200)).await;
    let name = ok.addr().to_string();
    let closed = over(config()).build().unwrap();
    closed.close().await;
    let refusing = DeadPort::refusing().unwrap();
    let broken = HostConfig::new().breaker_after(1, Duration::from_secs(60), 1);
    let broken = over(config()).host(refusing.addr().to_string(), broken).build().unwrap();
    broken.execute(get(&refusing.url())).await.unwrap_err();
    let spent = over(config()).host(&name, HostConfig::new().per_minute(1).unwrap()).build().unwrap();
    spent.execute(get(ok.url())).await.unwrap();
    let never = serving(Reply::never()).await;
    let one = HostConfig::new().concurrency(NonZeroU32::MIN);
    let crowded = over(config()).host(never.addr().to_string(), one).build().unwrap();
    let place = tokio::spawn({
        let (pool, request) = (crowded.clone(), get(never.url()));
        async move { pool.execute(request).await }
    });
    never.wait_for(1).await;
    let rows = vec![
        (K::Config, over(config()).host("no host/", HostConfig::new()).build().unwrap_err()),
        (K::Request, Request::get("nonsense").unwrap_err()),
        (K::PoolClosed, closed.execute(get(ok.url())).await.unwrap_err()),
        (K::BreakerOpen, broken.execute(get(&refusing.url())).await.unwrap_err()),
        (K::RateLimited, spent.execute(get(ok.url()).context(soon(&spent))).await.unwrap_err()),
        (K::Busy, crowded.execute(get(never.url()).context(soon(&crowded))).await.unwrap_err()),
    ];
    place.abort();
    rows
}

async fn without_a_connection() -> Vec<(K, Error)> {
    let refusing = DeadPort::refusing().unwrap();
    let full = DeadPort::full().unwrap();
    let silent = DeadPort::silent().unwrap();
    let tls = |tls| Server::builder().tls(tls).start();
    let (mute, obsolete) = (tls(ServerTls::silent()).await.unwrap(), tls(ServerTls::obsolete()).await.unwrap());
    let proxied = Proxies::none().http(Proxy::new(&refusing.url()).unwrap());
    // Documentation is all that this address is for (RFC 5737): nobody has it.
    let elsewhere = config().local_address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let crowded = config().max_per_host(NonZeroU32::MIN).acquire_timeout(SHORT);
    let crowded = over(crowded).build().unwrap();
    let place = tokio::spawn({
        let (pool, request) = (crowded.clone(), get(&silent.url()));
        async move { pool.execute(request).await }
    });
    until("the connection is busy", || crowded.connections().unwrap().active == 1).await;
    let rows = vec![
        (K::Dns, fails(over(config().resolve("nowhere.test", [])), get("http://nowhere.test")).await),
        (K::Refused, fails(over(config()), get(&refusing.url())).await),
        (K::Connect, fails(over(elsewhere), get(&refusing.url())).await),
        (K::Proxy, fails(over(config().proxies(proxied)), get("http://elsewhere.test")).await),
        (K::Tls, fails(over(config()), get(obsolete.url())).await),
        (K::Timeout(Phase::Acquire), crowded.execute(get(&silent.url())).await.unwrap_err()),
        (K::Timeout(Phase::Dial), fails(over(config().dial_timeout(SHORT)), get(&full.url())).await),
        (K::Timeout(Phase::Tls), fails(over(config().tls_timeout(SHORT)), get(mute.url())).await),
    ];
    place.abort();
    rows
}

async fn on_the_way() -> Vec<(K, Error)> {
    let long = Timeouts::default();
    let (refusing, refused) = over_http2(Http2::new(), Script::new().always(Reply::refuse_stream())).await;
    let (leaving, left) = over_http2(Http2::new().go_away_after(1), Script::new().always(Reply::never())).await;
    let first = tokio::spawn({
        let (pool, request) = (left.clone(), get(leaving.url()));
        async move { pool.execute(request).await }
    });
    leaving.wait_for(1).await;
    let ok = serving(Reply::status(200)).await;
    let broken = StreamBody::new(futures_util::stream::once(async { Err(std::io::Error::other("the disk is gone")) }));
    let unreadable = Body::once(Box::pin(broken.map_err(Into::into)));
    let never = serving(Reply::never()).await;
    let pool = over(config()).build().unwrap();
    let rows = vec![
        (K::Timeout(Phase::Header), answered(Reply::never(), long.header(SHORT)).await),
        (K::Timeout(Phase::Stall), answered(Reply::status(200).body("0123").stall_after(2), long.stall(SHORT)).await),
        (K::Timeout(Phase::Attempt), answered(Reply::never(), long.attempt(Some(SHORT))).await),
        (K::Closed, answered(Reply::close(), long).await),
        (K::Reset, answered(Reply::reset(), long).await),
        (K::Protocol, answered(Reply::raw("this is not HTTP\r\n\r\n"), long).await),
        (K::StreamRefused, refused.execute(get(refusing.url())).await.unwrap_err()),
        (K::GoAway, left.execute(get(leaving.url())).await.unwrap_err()),
        (K::RequestBody, pool.execute(Request::post(ok.url()).unwrap().body(unreadable)).await.unwrap_err()),
        (K::Deadline, pool.execute(get(never.url()).context(soon(&pool))).await.unwrap_err()),
    ];
    first.abort();
    rows
}

async fn of_what_came() -> Vec<(K, Error)> {
    let server = serving(Reply::status(404).body("not JSON")).await;
    let answer = over(config()).build().unwrap().execute(get(server.url())).await.unwrap();
    let undecodable = answer.json::<u32>().unwrap_err();
    let circle = serving(Reply::status(302).header("location", "/a?secret=1")).await;
    vec![
        (K::Status(404), answer.error_for_status().unwrap_err()),
        (K::Decode, undecodable),
        (K::TooLarge, fails(over(config()), get(server.url()).max_body(3)).await),
        (K::Redirect, fails(over(config().redirects(Redirects::default())), get(circle.url())).await),
    ]
}
