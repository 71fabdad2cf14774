//! A transport of ours without a pool around it.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Full};
use steadfast_pool::{BoxBody, Outbound, Transport};

use super::{Ask, Engine, JSON};
use crate::http::server::ANSWER;

/// A transport.
#[derive(Clone)]
pub(crate) struct Bare {
    ask: Ask,
    transport: Arc<dyn Transport>,
}

impl Bare {
    pub(crate) fn new(transport: Arc<dyn Transport>, ask: &Ask) -> Self {
        Self { ask: ask.clone(), transport }
    }
}

impl Engine for Bare {
    async fn exchange(&mut self) {
        let (mut headers, mut body) = (HeaderMap::new(), None);
        if let Some(question) = self.ask.body() {
            headers.insert(header::CONTENT_TYPE, JSON);
            body = Some(Box::pin(Full::<Bytes>::from(question).map_err(io::Error::other)) as BoxBody);
        }
        let outbound = Outbound::new(self.ask.method.clone(), self.ask.url.clone(), headers, body);
        let mut answer = self.transport.send(outbound).await.expect("an answer").body;
        let mut whole = BytesMut::new();
        while let Some(frame) = poll_fn(|cx| answer.as_mut().poll_frame(cx)).await {
            if let Ok(data) = frame.expect("a whole answer").into_data() {
                whole.extend_from_slice(&data);
            }
        }
        assert_eq!(whole.len(), ANSWER.len());
    }
}
