//! A transport without a network, and a timer without waits.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use steadfast_clock::{Clock, Nanos, System, Timer};
use steadfast_pool::{Inbound, Outbound, SendFuture, Transport};

use crate::http::server::ANSWER;

/// Answers before it is asked.
#[derive(Debug)]
pub(crate) struct Answers {
    /// Whether every second request is refused, the first one, too.
    refuses: bool,
    refused: AtomicBool,
}

impl Answers {
    pub(crate) fn ok() -> Arc<dyn Transport> {
        Arc::new(Self { refuses: false, refused: AtomicBool::new(false) })
    }

    pub(crate) fn refused_first() -> Arc<dyn Transport> {
        Arc::new(Self { refuses: true, refused: AtomicBool::new(false) })
    }
}

impl Transport for Answers {
    fn send(&self, _: Outbound) -> SendFuture {
        let refuse = self.refuses && !self.refused.fetch_not(Ordering::Relaxed);
        let mut headers = HeaderMap::new();
        let status = if refuse {
            headers.insert("retry-after-ms", HeaderValue::from_static("0"));
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        };
        let body = Full::new(Bytes::from_static(ANSWER.as_bytes())).map_err(|never: Infallible| match never {});
        Box::pin(ready(Ok(Inbound::new(status, headers, Box::pin(body)))))
    }
}

/// The time as it is, and no wait.
pub(super) struct Hurried(pub(super) System);

impl Clock for Hurried {
    fn now(&self) -> Nanos {
        self.0.now()
    }
}

impl Timer for Hurried {
    type Sleep = Ready<()>;

    fn sleep_until(&self, _: Nanos) -> Ready<()> {
        ready(())
    }
}
