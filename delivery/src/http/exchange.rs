//! One call to a device: the request as every one of them goes out, and what comes of it.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use steadfast_backoff::{Policy, Stop};
use steadfast_pool::{Body, CallContext, Redirects, Request, Resend, Response, redacted};
use url::Url;

use super::auth::{holds_credentials, is_in_the_clear};
use super::gate::Entrance;
use super::reply::Call;
use super::{DEVICE_ID, HttpPush};
use crate::device::Device;
use crate::failure::Stage;
use crate::push::{Meter, PushContext, PushError};

/// What is asked of a device.
pub(crate) struct Order {
    pub(super) stage: Stage,
    pub(super) method: Method,
    pub(super) url: Url,
    /// Headers of this request alone.
    pub(crate) headers: HeaderMap,
    pub(super) body: Option<Body>,
    /// Whether it is asked once, by itself: no retries, and no breaker learns from it.
    pub(super) once: bool,
    /// Whether it is one request of a loop that is not the pipeline's: not retried, not paid for, and not counted.
    pub(super) single: bool,
    /// Whether the body holds a credential.
    pub(super) secret: bool,
    /// Whether the device is asked before the body is sent, where the push asks at all.
    pub(super) asks: bool,
    /// Whether another request to the device is to follow at once.
    pub(super) followed: bool,
}

/// Why there is no answer.
pub(crate) struct Unanswered {
    pub(crate) why: PushError,
    /// Whether another attempt may bring one.
    pub(crate) again: bool,
}

impl Order {
    pub(crate) fn new(stage: Stage, method: Method, url: Url) -> Self {
        Self {
            stage,
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            once: false,
            single: false,
            secret: false,
            asks: true,
            followed: false,
        }
    }

    /// Sets the body, and headers that belong to it.
    pub(crate) fn content(mut self, body: Body, headers: HeaderMap) -> Self {
        (self.body, self.headers) = (Some(body), headers);
        self
    }

    /// Asks before the body is sent, or does not.
    pub(crate) fn asks(mut self, asks: bool) -> Self {
        self.asks = asks;
        self
    }

    /// Leaves the connection for a request that follows, or does not.
    pub(super) fn followed(mut self, followed: bool) -> Self {
        self.followed = followed;
        self
    }

    /// Asks once.
    pub(crate) fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }

    /// Its body is not to be read by whoever listens.
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// What is told of it.
    pub(crate) fn call(&self) -> Call {
        Call::new(self.stage, format!("{} {}", self.method, redacted(&self.url)))
    }

    /// Sends it as one request of a loop of the caller's own.
    pub(crate) fn single(mut self) -> Self {
        self.single = true;
        self
    }
}

impl From<PushError> for Unanswered {
    fn from(why: PushError) -> Self {
        Self { why, again: false }
    }
}

impl HttpPush {
    /// This push, with a header more.
    pub(crate) fn with_header(&self, name: HeaderName, value: HeaderValue) -> Self {
        let mut push = self.clone();
        push.headers.insert(name, value);
        push
    }

    /// Sends a request; an answer of 2xx is what it was sent for.
    pub(crate) async fn send(
        &self,
        context: &PushContext,
        device: &Device,
        order: Order,
    ) -> Result<(Response, Call), PushError> {
        let call = order.call();
        match self.exchange(&call, context, device, order).await {
            Ok(response) => call.judge(&response).map(|()| (response, call)),
            Err(unanswered) => Err(unanswered.why),
        }
    }

    /// Sends a request; any answer will do.
    pub(crate) async fn exchange(
        &self,
        call: &Call,
        context: &PushContext,
        device: &Device,
        order: Order,
    ) -> Result<Response, Unanswered> {
        let secret = order.secret || holds_credentials(&self.headers) || holds_credentials(&order.headers);
        if !self.plain_http && secret && is_in_the_clear(&order.url) {
            return Err(call.in_the_clear(order.url.host_str().unwrap_or_default()).into());
        }
        let host = host(&order.url);
        let once = order.once;
        let mut request = self.request(context, device, order).map_err(|error| call.failed(&error))?;
        let mut entrance = None;
        if let Some(gates) = &self.gates {
            match once {
                // Asked again and again, it would open the gate for nobody, and is not to find it shut for others.
                true if gates.is_shut(&host) => return Err(call.shut(&host).into()),
                true => {}
                false => {
                    let own = Entrance::new(Arc::clone(gates), host);
                    request = request.admit(own.keeper(context.meter()));
                    entrance = Some(own);
                }
            }
        }
        self.pool.execute(request).await.map_err(|error| match entrance.and_then(|entrance| entrance.refused()) {
            Some(after) => call.host_down(after, &error).into(),
            None => Unanswered { why: call.failed(&error), again: error.stop() == Some(&Stop::AttemptsSpent) },
        })
    }

    fn request(&self, context: &PushContext, device: &Device, order: Order) -> Result<Request, steadfast_pool::Error> {
        let mut request = Request::to(order.method, order.url)?;
        for (name, value) in &self.headers {
            request = request.header(name.clone(), value.clone());
        }
        request = request.header(DEVICE_ID, text(device.id()));
        for (name, value) in &order.headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(body) = order.body {
            request = request.body(body);
            if let Some(shaper) = &self.shaper {
                request = request.pace(Arc::new(shaper.lane(device)));
            }
            if let Some(patience) = self.expect_continue.filter(|_| order.asks) {
                request = request.expect_continue(patience);
            }
        }
        request = request
            .context(context.call.clone().resend(Resend::Always))
            .scope(scope(device))
            .timeouts(self.timeouts)
            .redirects(Redirects::none())
            .retry(self.retry)
            .classify(Arc::clone(&self.later) as _);
        if order.single {
            let mut alone = CallContext::new().resend(Resend::Always);
            alone.deadline = context.deadline();
            request = request.context(alone).retry(Policy::disabled());
        } else {
            request = request.observer(Arc::new(Counting(context.meter())));
        }
        if order.once {
            // Nothing but the limit of the answer bounds how long an address that swallows everything is dialled.
            let limits = self.timeouts.attempt(Some(self.timeouts.header));
            request = request.retry(Policy::disabled()).timeouts(limits).without_breaker();
        }
        if !self.keep_alive {
            request = request.transient();
            if order.followed {
                request = request.leave_open();
            }
        }
        Ok(request)
    }
}

/// The host and port that a request is sent to.
fn host(url: &Url) -> Arc<str> {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default()).into()
}

/// The breaker of a device: its address without the scheme.
pub(super) fn scope(device: &Device) -> String {
    let url = redacted(device.address());
    let bare = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    bare.trim_end_matches('/').to_owned()
}

/// A header value of any text; what no header can hold becomes a question mark.
pub(super) fn text(value: &str) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| {
        let cleaned: String = value.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        HeaderValue::from_bytes(cleaned.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static("?"))
    })
}

/// Counts the attempts of one call.
struct Counting(Arc<Meter>);

impl steadfast_pool::Observer for Counting {
    fn on(&self, event: &steadfast_pool::Event<'_>) {
        if let steadfast_pool::Event::AttemptStarted { .. } = event {
            self.0.attempt_began();
        }
    }
}
