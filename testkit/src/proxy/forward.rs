//! The proxy for HTTP: requests in absolute form, and tunnels.

use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::server::{Head, Peer, Tcp, reason};

use super::builder::Office;
use super::relay::{close, relay, strike};
use super::route::Target;
use super::{ProxyFault, ProxyOutcome};

/// Serves a connection: one request.
pub(super) async fn serve(socket: TcpStream, peer: Peer, office: Arc<Office>) {
    let mut client = Tcp::new(socket);
    let mut buffer = BytesMut::new();
    let Ok(head) = Head::read(&mut client, &mut buffer).await else { return };
    let tunnel = head.method == "CONNECT";
    let Some((target, path)) = destination(&head) else { return answer(&mut client, 400, "").await };
    let note = |outcome| office.log.note(peer.connection, target.clone(), tunnel, outcome);
    if !may_pass(&head, &office) {
        note(ProxyOutcome::Unauthorized);
        return answer(&mut client, 407, "proxy-authenticate: Basic realm=\"testkit\"\r\n").await;
    }
    let fault = office.fault();
    if matches!(fault, Some(fault) if !matches!(fault, ProxyFault::CutAfter(_))) {
        note(ProxyOutcome::Faulted);
    }
    if strike(&mut client, fault).await {
        return;
    }
    if let Some(ProxyFault::Refuse(status)) = fault {
        return answer(&mut client, status, "").await;
    }
    let Some(mut way) = office.routes.dial(&target).await else {
        note(ProxyOutcome::Unreachable);
        return answer(&mut client, 502, "").await;
    };
    note(ProxyOutcome::Opened);
    let begun = match tunnel {
        true => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await,
        false => way.write_all(forwarded(&head, &path).as_bytes()).await,
    };
    // What came behind the head belongs to the target.
    if begun.is_ok() && way.write_all(&buffer).await.is_ok() {
        relay(client, way, fault).await;
    }
}

/// The target of a request, and the path to ask it for.
fn destination(head: &Head) -> Option<(Target, String)> {
    if head.method == "CONNECT" {
        return Some((Target::parse(&head.target, None)?, String::new()));
    }
    let rest = head.target.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let path = if rest[end..].starts_with('/') { rest[end..].to_owned() } else { format!("/{}", &rest[end..]) };
    Some((Target::parse(&rest[..end], Some(80))?, path))
}

/// The head as the target gets it: in origin form, without what is between client and proxy, for one answer.
fn forwarded(head: &Head, path: &str) -> String {
    const HOPS: [&str; 4] = ["connection", "keep-alive", "proxy-authorization", "proxy-connection"];
    let mut text = format!("{} {path} HTTP/1.1\r\n", head.method);
    for (name, value) in head.headers.iter().filter(|(name, _)| !HOPS.iter().any(|hop| hop.eq_ignore_ascii_case(name)))
    {
        let _infallible = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("connection: close\r\n\r\n");
    text
}

fn may_pass(head: &Head, office: &Office) -> bool {
    let Some((user, password)) = &office.credentials else { return true };
    let expected = STANDARD.encode(format!("{user}:{password}"));
    head.headers
        .get("proxy-authorization")
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, given)| scheme.eq_ignore_ascii_case("basic") && given.trim() == expected)
}

async fn answer(client: &mut Tcp, status: u16, fields: &str) {
    let reason = reason(status);
    let head = format!("HTTP/1.1 {status} {reason}\r\n{fields}content-length: 0\r\nconnection: close\r\n\r\n");
    let _gone = client.write_all(head.as_bytes()).await;
    close(client).await;
}
