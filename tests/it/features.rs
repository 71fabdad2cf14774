//! Each feature brings its crate under its own name, and the types are those of the crate: they fit each other.

#[test]
fn the_clock_is_always_there() {
    use std::time::Duration;

    use steadfast::clock::{Clock, ManualClock};

    let clock = ManualClock::new();
    let start = clock.now();
    clock.advance(Duration::from_secs(1));
    assert_eq!(clock.now().since(start), Duration::from_secs(1));
}

#[cfg(feature = "backoff")]
#[test]
fn backoff_draws_its_own_jitter_and_reads_dates() {
    use steadfast::backoff::{Entropy, Policy, retry_after};
    use steadfast::clock::UnixNanos;

    assert_eq!(Policy::http().max_attempts(), 4);
    assert_ne!(Entropy::new().next(), Entropy::new().next());
    assert!(retry_after::parse("Sun, 06 Nov 1994 08:49:37 GMT", UnixNanos::EPOCH).is_some());
}

#[cfg(feature = "ratelimit")]
#[test]
fn ratelimit_can_wait() {
    use steadfast::clock::TokioTimer;
    use steadfast::ratelimit::{Quota, RateLimiter};

    fn is_send(_: impl Send) {}
    is_send(RateLimiter::new(Quota::per_second(1).unwrap()).acquire(1, None, &TokioTimer::new()));
}

#[cfg(feature = "breaker")]
#[test]
fn breaker_has_its_shared_handle() {
    use steadfast::breaker::{CircuitBreaker, Rule, State};
    use steadfast::clock::{Clock, ManualClock};

    let breaker = CircuitBreaker::new(Rule::new()).unwrap();
    assert_eq!(breaker.state(ManualClock::new().now()), State::Closed);
}

#[cfg(feature = "telemetry")]
#[test]
fn telemetry_is_there() {
    use steadfast::telemetry::{Key, Recorder, Registry};

    let registry = Registry::new();
    registry.counter(&Key::new("calls")).inc();
    assert_eq!(registry.snapshot().counter_sum("calls"), 1);
}

#[cfg(feature = "cache")]
#[test]
fn cache_is_there() {
    use steadfast::cache::{CacheKey, Entry, MemoryCache};
    use steadfast::clock::UnixNanos;

    let (cache, key) = (MemoryCache::new(1).unwrap(), CacheKey::from_bytes([7; 32]));
    cache.put(key, Entry::new("an answer", UnixNanos::EPOCH));
    assert_eq!(cache.stats().insertions, 1);
}

#[cfg(feature = "cache")]
#[test]
fn cache_makes_one_call_for_all() {
    use steadfast::cache::{MemoryCache, ReadThrough};

    let reader = ReadThrough::<_, std::fmt::Error>::new(MemoryCache::new(1).unwrap());
    assert_eq!(reader.stats().flights, 0);
}

#[cfg(feature = "pool")]
#[test]
fn pool_has_its_transport() {
    use steadfast::pool::{HyperTransport, Pool, Transport};

    fn is_transport<T: Transport>() {}
    is_transport::<HyperTransport>();
    assert_eq!(Pool::new().unwrap().metrics().requests, 0);
}

#[cfg(all(feature = "pool", feature = "backoff", feature = "breaker", feature = "ratelimit", feature = "telemetry"))]
#[test]
fn pool_takes_the_primitives_of_the_umbrella() {
    use steadfast::pool::{HostConfig, Pool};

    let registry = steadfast::telemetry::Registry::new();
    let quota = steadfast::ratelimit::Quota::per_second(10).unwrap();
    let pool = Pool::builder()
        .retry(steadfast::backoff::Policy::disabled())
        .breaker(steadfast::breaker::Rule::new().failures(3))
        .timer(steadfast::clock::shared(steadfast::clock::ManualClock::new()))
        .registry(registry)
        .build()
        .unwrap();
    pool.configure_host("api.example.com", HostConfig::new().quota(quota)).unwrap();
}

#[cfg(all(feature = "pool", feature = "mock"))]
#[tokio::test]
async fn mock_answers_without_a_network() {
    use steadfast::pool::Request;
    use steadfast::pool::mock::{MockPool, MockResponse};

    let pool = MockPool::new();
    pool.add_response("api.example.com", MockResponse::status(200).body("hello"));
    let response = pool.execute(Request::get("https://api.example.com/").unwrap()).await.unwrap();
    assert_eq!(response.text(), "hello");
}

#[cfg(all(feature = "pool", feature = "reqwest"))]
#[test]
fn reqwest_is_the_second_transport() {
    use steadfast::pool::{PoolConfig, ReqwestTransport};

    assert!(ReqwestTransport::new(&PoolConfig::new()).is_ok());
}

#[cfg(all(feature = "pool", feature = "gzip", feature = "brotli", feature = "deflate", feature = "zstd"))]
#[test]
fn codings_can_be_asked_for() {
    assert!(steadfast::pool::PoolConfig::new().decompress(true).decompress);
}

#[cfg(feature = "providers")]
#[test]
fn providers_run_on_the_pool_of_the_umbrella() {
    use steadfast::providers::{Client, Provider};

    let pool = steadfast::pool::Pool::new().unwrap();
    let client = Client::openai(pool).base_url("http://localhost/v1").model("m").build().unwrap();
    assert_eq!((client.name(), client.model()), ("openai", "m"));
}

#[cfg(feature = "delivery")]
#[test]
fn delivery_runs_on_the_pool_of_the_umbrella() {
    use steadfast::delivery::HttpPush;

    let pool = steadfast::pool::Pool::new().unwrap();
    assert!(HttpPush::builder().pool(pool).build().is_ok());
}

#[cfg(feature = "testkit")]
#[tokio::test]
async fn testkit_serves() {
    use steadfast::testkit::{Script, Server};

    let server = Server::start(Script::new()).await.unwrap();
    assert!(server.addr().ip().is_loopback());
}
