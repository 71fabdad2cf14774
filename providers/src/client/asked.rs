//! One call on its way through one client: the request that it becomes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Method, header};
use steadfast_clock::{Clock, Nanos};
use steadfast_pool::{Request, Resend, Timeouts};
use url::Url;

use super::Core;
use crate::admission::{self, Booking, Desk};
use crate::attempt::Bill;
use crate::family::{Ask, Encode, Origin, Unfit};
use crate::key::Held;
use crate::problem::Problem;
use crate::recent::Recording;
use crate::{Api, Attempt, Call, Error, ErrorKind, Terms, Usage};

/// One call on its way through one client. Knows what must not be told.
pub(crate) struct Asked {
    pub(crate) client: Arc<Core>,
    pub(crate) call: Call,
    pub(crate) model: Arc<str>,
    /// The key that it goes with.
    pub(crate) held: Arc<Held>,
    /// What is reserved for the request that was made last.
    booking: Mutex<Option<Arc<Booking>>>,
    begun: Nanos,
    pub(crate) recording: Recording,
}

impl Asked {
    pub(super) async fn new(client: Arc<Core>, call: Call) -> Result<Self, Error> {
        let model = call.model.clone().unwrap_or_else(|| Arc::clone(&client.model));
        let held = client.keyring.current().await?;
        let recording = Recording::begin(&client.pool, &client.name, &model);
        let begun = client.pool.timer().now();
        Ok(Self { client, call, model, held, booking: Mutex::new(None), begun, recording })
    }

    /// The same call, for requests about its answer: nothing is reserved for them.
    pub(crate) fn aside(&self) -> Self {
        let (client, held, model) = (Arc::clone(&self.client), Arc::clone(&self.held), Arc::clone(&self.model));
        let (call, recording) = (self.call.clone(), self.recording.silent());
        Self { client, call, model, held, booking: Mutex::new(None), begun: self.begun, recording }
    }

    /// After a failure: takes another key, if the one that it went with is not accepted and there is another by now. Gives
    /// the attempts so far.
    ///
    /// # Errors
    ///
    /// The failure, where another key does not help.
    pub(super) async fn with_another_key(&mut self, mut error: Error) -> Result<Vec<Attempt>, Error> {
        if error.kind() != ErrorKind::Authentication {
            return Err(error);
        }
        match self.client.keyring.after(&self.held).await {
            Some(held) => {
                tracing::info!(provider = &*self.client.name, "the key was exchanged, asking again");
                self.held = held;
                Ok(error.take_attempts())
            }
            None => Err(error),
        }
    }

    /// How long ago the call began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.client.pool.timer().now().since(self.begun)
    }

    /// What an answer comes to that has ended now.
    pub(crate) fn bill(&self, usage: Option<Usage>, tier: Option<&str>, first_token: Option<Duration>) -> Bill {
        let usage = usage.filter(Usage::is_known);
        let cost = usage.and_then(|usage| {
            let terms = Terms {
                long_cache: usage.cache_write > 0 && self.call.keeps_cache_long(),
                tier: tier.map(str::to_owned),
            };
            self.client.prices.cost(&self.client.vendor.name, &self.model, &usage, &terms)
        });
        Bill { usage, cost, first_token, total: self.elapsed() }
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { provider: Arc::clone(&self.client.name), model: Arc::clone(&self.model) }
    }

    pub(super) fn request(&self, stream: bool) -> Result<Request, Error> {
        let (client, ask) = (&*self.client, self.ask(stream)?);
        let body = self.fitting((client.family.encode)(&ask))?;
        let accept = if stream { "text/event-stream" } else { "application/json" };
        let timeouts = match stream {
            true => Some(client.stream_timeouts(&self.model).of_attempt()),
            false => client.settings(&self.model).timeouts.or(client.timeouts),
        };
        let booking = self.booked(body.len(), ask.max_tokens);
        Ok(self.post(client.url.clone(), &ask, body, accept, self.scope(), timeouts)?.admit(booking.admit()))
    }

    /// The request that counts the tokens of this one, which goes to another endpoint.
    pub(super) fn counting(&self, encode: Encode, path: &str) -> Result<Request, Error> {
        let body = self.fitting(encode(&self.ask(false)?))?;
        // Its failures say nothing about the model's answers.
        self.elsewhere(body, path, Arc::from(format!("{}{path}", self.scope())))
    }

    /// A request to another endpoint of the same base URL.
    pub(super) fn elsewhere(&self, body: Vec<u8>, path: &str, scope: Arc<str>) -> Result<Request, Error> {
        let (client, ask) = (&*self.client, self.ask(false)?);
        let mut url = client.url.clone();
        let base = client.url.path().strip_suffix(client.family.path).unwrap_or_default();
        url.set_path(&format!("{base}{path}"));
        let timeouts = client.settings(&self.model).timeouts.or(client.timeouts);
        self.post(url, &ask, body, "application/json", scope, timeouts)
    }

    /// A request that asks for something that is there.
    pub(super) fn get(&self, url: Url) -> Result<Request, Error> {
        let client = &*self.client;
        let mut request = Request::to(Method::GET, url)
            .map_err(|error| self.fail(ErrorKind::Config, error.to_string()))?
            .header(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &client.headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(key) = &self.held.header {
            request = request.header(client.keyring.header().clone(), key.clone());
        }
        // Its failures say nothing about the model's answers.
        let scope: Arc<str> = Arc::from(format!("{}#GET", self.scope()));
        request = request.context(self.call.context.clone()).scope(scope);
        Ok(request.retry(client.retry).classify(client.rules.clone()))
    }

    /// What is to be written, as far as it makes sense for every API.
    fn ask(&self, stream: bool) -> Result<Ask<'_>, Error> {
        let (client, call) = (&*self.client, &self.call);
        if call.messages.is_empty() {
            return Err(self.fail(ErrorKind::InvalidRequest, "the conversation is empty, nothing was sent"));
        }
        if let Some(name) = call.options.not_finite() {
            let what = format!("the {name} is no number, nothing was sent");
            return Err(self.fail(ErrorKind::InvalidRequest, what));
        }
        let (model, provider, vendor) = (&*self.model, &*client.name, &*client.vendor);
        let max_tokens = client.settings(model).max_tokens.unwrap_or(client.max_tokens);
        Ok(Ask { call, model, max_tokens, stream, provider, vendor })
    }

    pub(super) fn fitting<T>(&self, written: Result<T, Unfit>) -> Result<T, Error> {
        written.map_err(|Unfit(what)| self.fail(ErrorKind::InvalidRequest, format!("{what}, nothing was sent")))
    }

    fn post(
        &self,
        url: Url,
        ask: &Ask<'_>,
        body: Vec<u8>,
        accept: &'static str,
        scope: Arc<str>,
        timeouts: Option<Timeouts>,
    ) -> Result<Request, Error> {
        let (client, call) = (&*self.client, &self.call);
        let mut request = Request::to(Method::POST, url)
            .map_err(|error| self.fail(ErrorKind::Config, error.to_string()))?
            .body(body)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(header::ACCEPT, HeaderValue::from_static(accept));
        for (name, value) in client.headers.iter().chain(&self.fitting((client.family.headers)(ask))?) {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(key) = &self.held.header {
            request = request.header(client.keyring.header().clone(), key.clone());
        }
        let mut context = call.context.clone();
        if context.resend == Resend::ByMethod {
            context.resend = Resend::Stale;
        }
        request = request.context(context).scope(scope).retry(client.retry).classify(client.rules.clone());
        if let Some(timeouts) = timeouts {
            request = request.timeouts(timeouts);
        }
        if let Some(observer) = &call.observer {
            request = request.observer(Arc::clone(observer));
        }
        Ok(request)
    }

    /// Reserves what a request of so many bytes will probably take.
    fn booked(&self, body: usize, max_tokens: u32) -> Arc<Booking> {
        let client = &*self.client;
        let most = self.call.options.max_tokens;
        // The one API that insists on a limit is told the client's own.
        let most = most.or_else(|| (client.vendor.api == Api::Messages).then_some(max_tokens));
        let booking =
            Booking::new(self.desk(), Arc::clone(&client.vendor), client.pool.clone(), &self.call, body, most);
        *self.booking.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&booking));
        booking
    }

    fn desk(&self) -> Arc<Desk> {
        let Core { pool, name, vendor, limits, keyring, .. } = &*self.client;
        self.held.desk(keyring, &self.model, |fingerprint| {
            admission::desk(pool, name, fingerprint, &self.model, &vendor.limits, limits.as_ref())
        })
    }

    fn booking(&self) -> Option<Arc<Booking>> {
        self.booking.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer is complete: what it took is known, if the provider told.
    pub(crate) fn settle(&self, usage: Option<&Usage>) {
        if let Some(booking) = self.booking() {
            booking.settle(usage);
        }
    }

    /// The answer was cut off by an error within it.
    pub(crate) fn cut_off(&self, problem: &Problem) {
        if self.client.vendor.kind(200, problem) != ErrorKind::RateLimited {
            return;
        }
        if let Some(booking) = self.booking() {
            booking.cut_off(problem);
        }
    }

    /// The breaker: of this provider, model and key, which goes by its fingerprint.
    pub(crate) fn scope(&self) -> Arc<str> {
        self.held.scope(&self.client.keyring, &self.model)
    }

    pub(super) fn attempts(&self, attempts: &[steadfast_pool::Attempt]) -> Vec<Attempt> {
        let record = |attempt: &steadfast_pool::Attempt| {
            Attempt::new(Arc::clone(&self.client.name), Arc::clone(&self.model), attempt.clone())
        };
        attempts.iter().map(record).collect()
    }
}
