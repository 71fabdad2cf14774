//! The breaker of a model: what opens it, and whom it is for.

use std::time::Duration;

use steadfast_providers::{Call, ErrorKind};
use steadfast_testkit::{Reply as Answer, Script, Server};

use crate::rig::{EVERY, ask, rig};

#[tokio::test]
async fn the_breaker_opens_for_failures_alone_and_for_one_model() {
    for (vendor, mode) in EVERY {
        let limited = Answer::status(429).header("retry-after-ms", "1");
        let script = Script::new().times(20, limited).always(Answer::status(500));
        let (server, rig) = (Server::start(script).await.unwrap(), rig());
        let client = vendor.client(&rig.pool, server.url());
        for _ in 0..5 {
            let error = ask(&*client, mode, Call::new("a")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RateLimited);
            rig.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(ask(&*client, mode, Call::new("a")).await.unwrap_err().kind(), ErrorKind::Server);
        let error = ask(&*client, mode, Call::new("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BreakerOpen, "{error}");
        assert!(error.retry_after().is_some());
        assert_eq!(server.seen().len(), 25);
        let other = ask(&*client, mode, Call::new("a").model("another")).await.unwrap_err();
        assert_eq!(other.kind(), ErrorKind::Server);
    }
}
