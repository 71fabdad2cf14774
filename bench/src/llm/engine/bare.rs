//! The transport of ours that is in use, without a pool around it.

use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::{BodyExt, Full};
use steadfast_pool::{BoxBody, Inbound, InboundBody, Outbound, Transport};
use url::Url;

use super::{BODY, Client, KEY, Reading};
use crate::llm::tape::Api;

/// A transport, and what is done with the bytes it brings.
pub(in crate::llm) struct Bare<R> {
    transport: Arc<dyn Transport>,
    api: Api,
    url: Url,
    reading: PhantomData<fn() -> R>,
}

impl<R> Bare<R> {
    /// Asks at `base`, where `api` is spoken.
    pub(in crate::llm) fn new(transport: Arc<dyn Transport>, api: Api, base: &str) -> Self {
        let url = format!("{base}{}", api.path()).parse().expect("a URL");
        Self { transport, api, url, reading: PhantomData }
    }

    /// Asks; the head is there.
    pub(in crate::llm) async fn asked(&self) -> Inbound {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static(KEY));
        let body = Box::pin(Full::<Bytes>::from(BODY).map_err(io::Error::other)) as BoxBody;
        let outbound = Outbound::new(Method::POST, self.url.clone(), headers, Some(body));
        self.transport.send(outbound).await.expect("an answer")
    }
}

/// The next bytes of a body.
pub(in crate::llm) async fn frame(body: &mut InboundBody) -> Option<Bytes> {
    loop {
        let frame = poll_fn(|cx| body.as_mut().poll_frame(cx)).await?;
        if let Ok(data) = frame.expect("a whole answer").into_data() {
            return Some(data);
        }
    }
}

impl<R> Clone for Bare<R> {
    fn clone(&self) -> Self {
        Self { transport: Arc::clone(&self.transport), api: self.api, url: self.url.clone(), reading: PhantomData }
    }
}

impl<R: Reading> Client for Bare<R> {
    async fn whole(&self) -> usize {
        let (mut answer, mut whole) = (self.asked().await.body, BytesMut::new());
        while let Some(bytes) = frame(&mut answer).await {
            whole.extend_from_slice(&bytes);
        }
        R::whole(self.api, &whole)
    }

    async fn streamed(&self) -> usize {
        let (mut answer, mut reading) = (self.asked().await.body, R::new(self.api));
        while let Some(bytes) = frame(&mut answer).await {
            reading.feed(&bytes);
        }
        reading.pieces()
    }
}
