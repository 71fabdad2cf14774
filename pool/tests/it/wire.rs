//! A server of raw bytes: each connection is a function.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use steadfast_clock::{Clock, Timer, TokioTimer};
use steadfast_pool::{Inbound, Outbound, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

pub(crate) struct Wire {
    pub(crate) url: Url,
    accepted: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Wire {
    /// Serves each connection with `serve`, which is told how many there were before it.
    pub(crate) async fn new<F, T>(serve: F) -> Self
    where
        F: Fn(TcpStream, usize) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, count.fetch_add(1, Ordering::SeqCst)));
            }
        });
        Self { url, accepted, task }
    }

    /// Answers each request of each connection with `answer`.
    pub(crate) async fn answering(answer: &'static str) -> Self {
        Self::new(move |mut socket, _| async move {
            while head(&mut socket).await.is_some() {
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await
    }

    /// Sends each connection `answer` after its first request, and closes it.
    pub(crate) async fn once(answer: impl Into<Vec<u8>>) -> Self {
        let answer = Bytes::from(answer.into());
        Self::new(move |mut socket, _| {
            let answer = answer.clone();
            async move {
                head(&mut socket).await;
                let _ = socket.write_all(&answer).await;
            }
        })
        .await
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn name(&self) -> String {
        format!("127.0.0.1:{}", self.url.port().unwrap())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The head of the next request; `None` when the other side closed.
pub(crate) async fn head(socket: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

/// Waits until the other side has closed.
pub(crate) async fn closed(socket: &mut TcpStream) {
    let mut rest = [0; 4096];
    while !matches!(socket.read(&mut rest).await, Ok(0) | Err(_)) {}
}

/// Lets real time pass, where the system has to notice something; nothing is measured by it.
pub(crate) async fn pause(millis: u64) {
    let timer = TokioTimer::new();
    timer.sleep_until(timer.now().saturating_add(Duration::from_millis(millis))).await;
}

pub(crate) fn get(url: &Url) -> Outbound {
    Outbound::new(Method::GET, url.clone(), HeaderMap::new(), None)
}

pub(crate) fn post(url: &Url, body: impl Into<Bytes>) -> Outbound {
    let body = Full::new(body.into()).map_err(|never| match never {});
    Outbound::new(Method::POST, url.clone(), HeaderMap::new(), Some(Box::pin(body)))
}

/// Sends and reads the whole answer.
pub(crate) async fn fetch(transport: &dyn Transport, request: Outbound) -> Result<(u16, Bytes), TransportError> {
    let answer = transport.send(request).await?;
    let status = answer.status.as_u16();
    Ok((status, rest(answer).await?))
}

pub(crate) async fn rest(answer: Inbound) -> Result<Bytes, TransportError> {
    Ok(answer.body.collect().await?.to_bytes())
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
