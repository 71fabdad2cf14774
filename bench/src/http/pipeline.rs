//! The pool's own part of a call: a transport that answers at once, with and without a pool around it.

mod transport;

use std::future::{Future, poll_fn};
use std::sync::Arc;

use http::Method;
use steadfast_breaker::Rule;
use steadfast_clock::{System, shared};
use steadfast_pool::{Outbound, Pool, Request, Transport};
use url::Url;

use self::transport::Hurried;
use super::engine::everything;
use super::runtime::block_on;
use crate::Row;

pub(super) use transport::Answers;

pub(super) const ROWS: &[fn() -> Row] = &[whole, retried];

/// What a call may cost on top of its transport, in nanoseconds.
const PIPELINE: f64 = 1_200.0;

/// What a retry may cost apart from its wait, in nanoseconds.
const RETRY: f64 = 50_000.0;

/// A call with everything on, on tokio's timer.
fn whole() -> Row {
    let (transport, url) = (Answers::ok(), url());
    let pool = Pool::builder().transport(Arc::clone(&transport)).build().expect("settings that work");
    pool.configure_host("127.0.0.1", everything()).expect("settings that work");
    Row::new("pool: a whole call, CPU ns, transport that answers at once", calling(pool))
        .floor("the transport alone", over_and_over(move || alone(Arc::clone(&transport), url.clone())))
        .reach_plus(PIPELINE, "the transport alone")
}

/// A call that is refused once, told not to wait, and answered then; on a timer that never waits.
fn retried() -> Row {
    let pool = |transport: Arc<dyn Transport>| {
        let pool = Pool::builder().transport(transport).timer(shared(Hurried(System::new()))).build();
        let pool = pool.expect("settings that work");
        // Every call fails once and never twice in a row.
        let rule = Rule::new().consecutive(5);
        pool.configure_host("127.0.0.1", everything().breaker(rule)).expect("settings that work");
        pool
    };
    Row::new("pool: a call with one retry, ns, nothing to wait for", calling(pool(Answers::refused_first())))
        .floor("a call without a retry", calling(pool(Answers::ok())))
        .reach_plus(RETRY, "a call without a retry")
}

fn url() -> Url {
    "http://127.0.0.1:8080/answer".parse().expect("a URL")
}

fn calling(pool: Pool) -> impl FnMut(u64) + Send + 'static {
    let url = url();
    over_and_over(move || {
        let (pool, url) = (pool.clone(), url.clone());
        async move {
            let request = Request::to(Method::GET, url).expect("a request");
            let answer = pool.execute(request).await.expect("an answer");
            assert!(answer.status().is_success());
        }
    })
}

async fn alone(transport: Arc<dyn Transport>, url: Url) {
    let outbound = Outbound::new(Method::GET, url, http::HeaderMap::new(), None);
    let mut body = transport.send(outbound).await.expect("an answer").body;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        assert!(frame.is_ok());
    }
}

fn over_and_over<F: Future<Output = ()>>(make: impl Fn() -> F + Send + 'static) -> impl FnMut(u64) + Send + 'static {
    move |n| {
        block_on(async {
            for _ in 0..n {
                make().await;
            }
        });
    }
}
