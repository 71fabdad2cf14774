//! The pool proved against faults, over real sockets: what it promises holds while everything around it fails.

mod chaos;
mod ends;
mod handshakes;
mod isolation;
mod keep_alive;
mod leaks;

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, SharedTimer, TokioTimer, shared};
use steadfast_pool::{PoolConfig, Proxies, Tls};
use steadfast_testkit::Authority;

/// The time of real sockets.
fn timer() -> SharedTimer {
    shared(TokioTimer::new())
}

/// A setting without the machine's proxies, which trusts `authority` alone.
fn trusting(authority: &Authority) -> PoolConfig {
    let tls = Tls::new().add_root_pem(authority.root_pem().as_bytes()).unwrap().only_these_roots();
    PoolConfig::new().tls(tls).proxies(Proxies::none())
}

/// Lets `pause` pass.
async fn pause(timer: &SharedTimer, pause: Duration) {
    timer.sleep_until(timer.now().saturating_add(pause)).await;
}

/// Waits until the world is as it should be; what it waits for takes its time, and comes or is missing.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let timer = timer();
    for _ in 0..10_000 {
        if so() {
            return;
        }
        pause(&timer, Duration::from_millis(1)).await;
    }
    panic!("never: {what}");
}

/// How many tasks there are, to be compared when all is over.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// All of a set of tasks.
async fn all<T: 'static>(mut tasks: tokio::task::JoinSet<T>) -> Vec<T> {
    let mut results = Vec::new();
    while let Some(result) = tasks.join_next().await {
        results.push(result.unwrap());
    }
    results
}

/// A number that many count on.
type Counter = Arc<std::sync::atomic::AtomicU64>;
