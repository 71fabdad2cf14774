//! A raw HTTP/1.1 client: it sends what a test says, byte for byte, and tells what came back and how it ended.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, its body without the framing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How the connection or the body ended.
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The body was complete.
    Complete,
    /// The connection was closed before that.
    Closed,
    /// It was reset before that.
    Reset,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Dials, sends one request, reads one answer.
pub(crate) async fn ask(addr: SocketAddr, request: &str) -> Answer {
    let mut client = Client::dial(addr).await;
    client.send(request.as_bytes()).await;
    client.answer().await.expect("an answer")
}

/// `POST` with a body and the given header lines.
pub(crate) fn post(path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST {path} HTTP/1.1\r\nhost: test\r\n{lines}content-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// The address in a URL of this crate.
pub(crate) fn addr_of(url: &str) -> SocketAddr {
    url.split_once("://").unwrap().1.split('/').next().unwrap().parse().unwrap()
}

impl Client {
    pub(crate) async fn dial(addr: SocketAddr) -> Self {
        Self { socket: TcpStream::connect(addr).await.unwrap(), buffer: Vec::new() }
    }

    /// As [`dial`](Self::dial), to a server that may reset the connection at once.
    pub(crate) async fn try_dial(addr: SocketAddr) -> Result<Self, End> {
        let socket = TcpStream::connect(addr).await.map_err(|_| End::Reset)?;
        Ok(Self { socket, buffer: Vec::new() })
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// As [`send`](Self::send), to a server that may have closed.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.socket.write_all(bytes).await.map_err(|_| End::Reset)
    }

    /// Reads one answer; how the connection ended if there was none.
    pub(crate) async fn answer(&mut self) -> Result<Answer, End> {
        let (status, headers) = loop {
            if let Some(head) = self.take_head() {
                break head;
            }
            self.more().await?;
        };
        let mut answer = Answer { status, headers, body: Vec::new(), end: End::Complete };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.end = self.chunked(&mut answer.body).await;
        } else {
            let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
            answer.end = self.take(length, &mut answer.body).await;
        }
        Ok(answer)
    }

    /// Reads until the connection ends.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.more().await {
                return end;
            }
        }
    }

    /// What has been read and not been taken.
    pub(crate) fn pending(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    pub(crate) async fn more(&mut self) -> Result<(), End> {
        match self.socket.read_buf(&mut self.buffer).await {
            Ok(0) => Err(End::Closed),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(End::Reset),
            Err(error) => panic!("{error}"),
        }
    }

    fn take_head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(length) = response.parse(&self.buffer).unwrap() else { return None };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let headers = response.headers.iter().map(|field| (field.name.to_owned(), text(field.value))).collect();
        let status = response.code.unwrap();
        self.buffer.drain(..length);
        Some((status, headers))
    }

    async fn take(&mut self, length: usize, body: &mut Vec<u8>) -> End {
        let mut left = length;
        loop {
            let here = left.min(self.buffer.len());
            body.extend(self.buffer.drain(..here));
            left -= here;
            if left == 0 {
                return End::Complete;
            }
            if let Err(end) = self.more().await {
                return end;
            }
        }
    }

    async fn chunked(&mut self, body: &mut Vec<u8>) -> End {
        loop {
            let line = loop {
                if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                    let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                    break String::from_utf8(line).unwrap();
                }
                if let Err(end) = self.more().await {
                    return end;
                }
            };
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let end = self.take(size, body).await;
            if end != End::Complete {
                return end;
            }
            let end = self.take(2, &mut Vec::new()).await;
            if end != End::Complete || size == 0 {
                return end;
            }
        }
    }
}

/// Lets the server run until `done` says so. What it waits for must be certain to happen.
pub(crate) async fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}
