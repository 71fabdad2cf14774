//! Calls through the whole client on virtual time, against a vendor that counts, in bad weather.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use steadfast_clock::{Clock, TokioTimer, shared};
use steadfast_providers::admission::{AdmissionSnapshot, Cost, Limits, Measure};
use steadfast_providers::backoff::RetryBudget;
use steadfast_providers::pool::mock::{MockReply, MockResponse, MockTransport, When};
use steadfast_providers::pool::{CallContext, Pool};
use steadfast_providers::{ApiKey, Call, Client, ErrorKind, Provider};

use super::bucket::Bucket;

const CALLS: u64 = 10_000;

/// The vendor: 3,000 requests a minute, storms of 429 and overload now and then, some answers that never come.
fn vendor(start: u64, bucket: &Arc<Mutex<Bucket>>) -> MockReply {
    let (bucket, count) = (Arc::clone(bucket), AtomicU64::new(0));
    MockReply::by(move |request| {
        let now = request.at.as_nanos() - start;
        let nth = count.fetch_add(1, Ordering::Relaxed);
        let second = now / 1_000_000_000;
        let mut bucket = bucket.lock().unwrap();
        let one = Cost::new(0, 0);
        let refused = match second {
            20..25 | 120..125 if nth % 3 == 0 => Some(429),
            60..65 if nth % 5 != 0 => Some(529),
            _ if !bucket.has(one, now) => {
                bucket.exceeded += 1;
                Some(429)
            }
            _ => None,
        };
        if refused.is_none() {
            bucket.take(one, now);
        }
        let left = bucket.tells(now).remaining.unwrap();
        drop(bucket);
        let told = |reply: MockResponse| {
            let reply = reply.header("x-ratelimit-limit-requests", "3000");
            reply.header("x-ratelimit-remaining-requests", &left.to_string())
        };
        match refused {
            Some(status) => MockReply::from(told(MockResponse::status(status)).header("retry-after-ms", "800")),
            None if nth % 997 == 0 => MockReply::never(),
            None => {
                let body = json!({
                    "id": "i", "model": "m", "choices": [{ "index": 0, "finish_reason": "stop",
                        "message": { "role": "assistant", "content": "Wings." } }],
                    "usage": { "prompt_tokens": 7, "completion_tokens": 2 },
                });
                told(MockResponse::json(200, &body)).latency(Duration::from_millis(200 + nth * 37 % 3_000)).into()
            }
        }
    })
}

/// No limit is exceeded, every call ends once, and retries stay within their budget.
#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_in_bad_weather_through_the_client() {
    let timer = shared(TokioTimer::new());
    let start = timer.now().as_nanos();
    let bucket = Arc::new(Mutex::new(Bucket::new(Measure::Requests, 3_000, Duration::from_secs(60))));
    let transport = MockTransport::new();
    transport.when(When::any()).always(vendor(start, &bucket));
    let budget = Arc::new(RetryBudget::builder().ratio(0.1).floor(1.0).reserve(50).build().unwrap());
    let pool = Pool::builder().transport(Arc::new(transport)).timer(Arc::clone(&timer)).budget(budget.clone());
    let pool = pool.build().unwrap();
    let client = Client::openai(pool.clone()).base_url("https://host/v1").api_key(ApiKey::new("k")).model("gpt-x");
    let client = client.limits(Limits::new().requests_per_minute(3_000)).build().unwrap();
    let calls: Vec<_> = (0..CALLS)
        .map(|nth| {
            let (client, timer) = (client.clone(), Arc::clone(&timer));
            tokio::spawn(async move {
                let begin = timer.now().saturating_add(Duration::from_millis(nth * 17));
                timer.sleep_until(begin).await;
                let context = CallContext::new().deadline(begin.saturating_add(Duration::from_secs(5 + nth % 60)));
                let asked = client.complete(Call::new("Why?").context(context));
                if nth % 53 > 0 {
                    return asked.await.map(|_| ()).map_err(|error| error.kind());
                }
                // One who goes away after a while.
                let patience = timer.sleep_until(begin.saturating_add(Duration::from_millis(nth % 4_000 + 1)));
                tokio::select! {
                    answered = asked => answered.map(|_| ()).map_err(|error| error.kind()),
                    () = patience => Ok(()),
                }
            })
        })
        .collect();
    let (mut answered, mut refused, mut broken, mut failed) = (0u64, 0u64, 0u64, 0u64);
    for call in calls {
        match call.await.unwrap() {
            Ok(()) => answered += 1,
            Err(ErrorKind::RateLimited) => refused += 1,
            Err(ErrorKind::BreakerOpen) => broken += 1,
            Err(_) => failed += 1,
        }
    }
    let metrics = pool.metrics();
    assert_eq!(answered + refused + broken + failed, CALLS);
    assert_eq!(metrics.requests, CALLS);
    assert_eq!(metrics.succeeded + metrics.failed + metrics.cancelled, CALLS);
    assert_eq!(bucket.lock().unwrap().exceeded, 0);
    let elapsed = Duration::from_nanos(timer.now().as_nanos() - start).as_secs_f64();
    assert!(metrics.retries as f64 <= 51.0 + 0.1 * budget.deposits() as f64 + elapsed, "{}", metrics.retries);
    assert!(metrics.attempts <= CALLS + metrics.retries);
    let [known] = <[_; 1]>::try_from(AdmissionSnapshot::of(&pool)).unwrap();
    assert_eq!((known.book.waiting, known.book.under_way), (0, 0));
    // All of it happened.
    assert!(
        answered > CALLS / 2 && refused > 10 && broken > 10 && metrics.retries > 10,
        "{answered} {refused} {broken}"
    );
}
