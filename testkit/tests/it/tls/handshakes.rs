//! Handshakes: versions, ALPN, resumption, and those that never come to an end or to a good one.

use std::io;

use rustls::{AlertDescription, Error, PeerIncompatible, ProtocolVersion};
use steadfast_testkit::{Alpn, Authority, Reply, Script, Server, ServerTls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{ask, config, dial, refusal};
use crate::client::until;

async fn server(tls: ServerTls) -> Server {
    let script = Script::new().always(Reply::status(200).body("hello"));
    Server::builder().script(script).tls(tls).start().await.unwrap()
}

#[tokio::test]
async fn alpn_offers_what_it_was_told() {
    let authority = Authority::new().unwrap();
    let tls = || ServerTls::new(authority.localhost().unwrap());
    let check = async |tls: ServerTls, offered: &[&str], agreed: Option<&[u8]>| {
        let server = server(tls).await;
        let mut stream = dial(&config(&authority, offered, None), server.addr(), "localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed, "{offered:?}");
        assert!(ask(&mut stream).await.unwrap().starts_with("HTTP/1.1 200"));
        assert_eq!(server.handshakes().http1, u64::from(agreed.is_some()));
    };
    check(tls(), &["h2", "http/1.1"], Some(b"http/1.1")).await;
    check(tls(), &[], None).await;
    check(tls().alpn(Alpn::Http1), &["http/1.1"], Some(b"http/1.1")).await;
    check(tls().alpn(Alpn::None), &["h2", "http/1.1"], None).await;
}

#[tokio::test]
async fn alpn_without_anything_in_common_fails() {
    let authority = Authority::new().unwrap();
    let server = server(ServerTls::new(authority.localhost().unwrap())).await;
    let error = refusal(dial(&config(&authority, &["h2"], None), server.addr(), "localhost").await);
    assert_eq!(error, Error::AlertReceived(AlertDescription::NoApplicationProtocol));
    until(|| server.handshakes().failed == 1).await;
}

#[tokio::test]
async fn versions_are_the_current_ones() {
    let authority = Authority::new().unwrap();
    let tls = || ServerTls::new(authority.localhost().unwrap());
    for (tls, version) in [(tls(), ProtocolVersion::TLSv1_3), (tls().tls12_only(), ProtocolVersion::TLSv1_2)] {
        let server = server(tls).await;
        let stream = dial(&config(&authority, &[], None), server.addr(), "localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version));
    }
}

#[tokio::test]
async fn an_obsolete_version_is_refused_by_the_client() {
    let authority = Authority::new().unwrap();
    let server = server(ServerTls::obsolete()).await;
    let error = refusal(dial(&config(&authority, &[], None), server.addr(), "localhost").await);
    assert_eq!(error, Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13));
    until(|| server.handshakes().failed == 1).await;
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_alert_is_what_was_asked_for() {
    let authority = Authority::new().unwrap();
    let server = server(ServerTls::alert(40)).await;
    let error = refusal(dial(&config(&authority, &[], None), server.addr(), "localhost").await);
    assert_eq!(error, Error::AlertReceived(AlertDescription::HandshakeFailure));
}

#[tokio::test]
async fn a_silent_server_says_nothing_until_the_client_goes() {
    let server = server(ServerTls::silent()).await;
    let mut socket = TcpStream::connect(server.addr()).await.unwrap();
    socket.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    until(|| server.open_connections() == 1).await;
    assert_eq!(socket.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(socket);
    until(|| server.handshakes().failed == 1 && server.open_connections() == 0).await;
}

#[tokio::test]
async fn sessions_are_resumed() {
    let authority = Authority::new().unwrap();
    let server = server(ServerTls::new(authority.localhost().unwrap())).await;
    let config = config(&authority, &[], None);
    for _ in 0..3 {
        let mut stream = dial(&config, server.addr(), "localhost").await.unwrap();
        ask(&mut stream).await.unwrap();
    }
    assert_eq!((server.handshakes().completed, server.handshakes().resumed), (3, 2));
}

#[tokio::test]
async fn faults_are_the_same_below_tls() {
    let authority = Authority::new().unwrap();
    let meet = async |reply: Reply, tls: ServerTls| {
        let server = Server::builder().script(Script::new().always(reply)).tls(tls).start().await.unwrap();
        let mut stream = dial(&config(&authority, &[], None), server.addr(), "localhost").await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).await.map_err(|error| error.kind());
        (String::from_utf8(answer).unwrap(), end.err())
    };
    let tls = || ServerTls::new(authority.localhost().unwrap());
    let cut = Reply::status(200).body("0123456789").truncate_after(4);
    let (answer, end) = meet(cut.clone(), tls()).await;
    assert!(answer.ends_with("\r\n\r\n0123"), "{answer}");
    assert_eq!(end, None);
    let (_, end) = meet(cut, tls().without_close_notify()).await;
    assert_eq!(end, Some(io::ErrorKind::UnexpectedEof));
    let (_, end) = meet(Reply::reset(), tls()).await;
    assert_eq!(end, Some(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn noise_instead_of_a_hello_is_a_failed_handshake() {
    let authority = Authority::new().unwrap();
    let server = server(ServerTls::new(authority.localhost().unwrap())).await;
    let mut socket = TcpStream::connect(server.addr()).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _alert_or_reset = socket.read_to_end(&mut answer).await;
    until(|| server.handshakes().failed == 1).await;
}
