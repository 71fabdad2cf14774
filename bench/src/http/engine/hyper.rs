//! hyper: a connection that its user looks after, and the client of `hyper-util` that looks after connections.

use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{Ask, Engine, JSON};
use crate::http::server::ANSWER;

/// One connection for each worker: nothing is looked up.
pub(crate) struct Connection {
    asked: Asked,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub(crate) fn new(ask: &Ask) -> Self {
        Self { asked: Asked::of(ask), sender: None }
    }

    async fn dial(&self) -> SendRequest<Full<Bytes>> {
        let authority = self.asked.uri.authority().expect("a host");
        let stream = TcpStream::connect(authority.as_str()).await.expect("a server that listens");
        stream.set_nodelay(true).expect("a socket's option");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a server that speaks HTTP");
        tokio::spawn(connection);
        sender
    }
}

impl Engine for Connection {
    async fn exchange(&mut self) {
        if self.sender.is_none() {
            self.sender = Some(self.dial().await);
        }
        let mut request = self.asked.request();
        let authority = self.asked.uri.authority().expect("a host").as_str();
        request.headers_mut().insert(header::HOST, authority.parse().expect("a host"));
        *request.uri_mut() = Uri::from_static("/answer");
        let sender = self.sender.as_mut().expect("dialled above");
        sender.ready().await.expect("a connection that stays open");
        let answer = sender.send_request(request).await.expect("an answer");
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        assert_eq!(body.len(), ANSWER.len());
    }
}

/// The client of `hyper-util`, with the settings that it has.
#[derive(Clone)]
pub(crate) struct Legacy {
    asked: Asked,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Legacy {
    pub(crate) fn new(ask: &Ask) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { asked: Asked::of(ask), client: Client::builder(TokioExecutor::new()).build(connector) }
    }
}

impl Engine for Legacy {
    async fn exchange(&mut self) {
        let answer = self.client.request(self.asked.request()).await.expect("an answer");
        let body = answer.into_body().collect().await.expect("a whole answer").to_bytes();
        assert_eq!(body.len(), ANSWER.len());
    }
}

/// What is asked for, in hyper's words.
#[derive(Clone)]
struct Asked {
    method: Method,
    uri: Uri,
    body: Option<&'static str>,
}

impl Asked {
    fn of(ask: &Ask) -> Self {
        Self { method: ask.method.clone(), uri: ask.url.as_str().parse().expect("a URI"), body: ask.body() }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(self.body.map_or_else(Full::default, Full::from));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        if self.body.is_some() {
            request.headers_mut().insert(header::CONTENT_TYPE, JSON);
        }
        request
    }
}
