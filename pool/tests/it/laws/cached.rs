//! Laws of the cache.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use steadfast_pool::mock::{MockPool, MockResponse, When};
use steadfast_pool::{Cached, Request, ResponseCache};

fn pool() -> MockPool {
    MockPool::build(|pool| pool.cache(ResponseCache::in_memory(1 << 20).unwrap())).unwrap()
}

proptest! {
    /// What was kept is, byte for byte, what came: status, fields and body; only the age is new.
    #[test]
    fn a_kept_answer_is_the_one_that_came(
        body: Vec<u8>,
        fields in proptest::collection::vec(("x-[a-z]{1,6}", "[!-~]([ -~]{0,12}[!-~])?"), 0..6),
        status in proptest::sample::select(vec![200_u16, 203, 404, 410]),
    ) {
        let pool = pool();
        let reply = MockResponse::status(status).header("cache-control", "max-age=60").body(body.clone());
        pool.when(When::any()).then(fields.iter().fold(reply, |reply, (name, value)| reply.header(name, value)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let get = || runtime.block_on(pool.execute(Request::get("http://host/").unwrap())).unwrap();
        let (came, kept) = (get(), get());
        let hit = matches!(kept.cached(), Some(Cached::Hit { .. }));
        prop_assert!(hit);
        prop_assert_eq!(kept.status(), came.status());
        prop_assert_eq!(kept.body(), &Bytes::from(body));
        let mut headers = kept.headers().clone();
        headers.remove("age");
        prop_assert_eq!(&headers, came.headers());
    }

    /// Whatever the credentials and in whatever order they come, each is given only what its own have been answered.
    #[test]
    fn credentials_never_share(
        calls in proptest::collection::vec((0..3_usize, "[ab]{1,3}"), 1..20),
    ) {
        let pool = pool();
        let names = [AUTHORIZATION, HeaderName::from_static("cookie"), HeaderName::from_static("x-api-key")];
        let all = names.clone();
        pool.when(When::any()).always(steadfast_pool::mock::MockReply::by(move |request| {
            let whose = all.iter().map(|name| format!("{:?}", request.headers.get(name))).collect::<String>();
            MockResponse::status(200).header("cache-control", "max-age=60").body(whose)
        }));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (name, value) in calls {
            let request = Request::get("http://host/").unwrap();
            let request = request.header(names[name].clone(), HeaderValue::from_str(&value).unwrap());
            let expected = names.iter().map(|other| match *other == names[name] {
                true => format!("Some({value:?})"),
                false => String::from("None"),
            });
            let answer = runtime.block_on(pool.execute(request)).unwrap();
            prop_assert_eq!(answer.text(), expected.collect::<String>());
        }
    }
}
