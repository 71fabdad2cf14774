//! What both proxies do once they know where to go, and how they fail before.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::TcpStream;

use crate::server::Tcp;

use super::ProxyFault;

/// Bytes of no protocol.
const GARBAGE: &[u8] = b"\x00\xff\x16\x03\x01 neither HTTP nor SOCKS \x80\r\n\r\n";

/// Does what a fault says in the middle of the handshake; false if it strikes later.
pub(super) async fn strike(client: &mut Tcp, fault: Option<ProxyFault>) -> bool {
    match fault {
        None | Some(ProxyFault::Refuse(_) | ProxyFault::CutAfter(_)) => return false,
        Some(ProxyFault::Hang) => client.hold().await,
        Some(ProxyFault::Reset) => client.reset_on_close(),
        Some(ProxyFault::Close) => close(client).await,
        Some(ProxyFault::Garbage) => {
            let _gone = client.write_all(GARBAGE).await;
            close(client).await;
        }
    }
    true
}

/// Carries bytes both ways until both ends are done, or the fault cuts them.
pub(super) async fn relay(mut client: Tcp, mut target: TcpStream, fault: Option<ProxyFault>) {
    let Some(ProxyFault::CutAfter(n)) = fault else {
        let _broken = copy_bidirectional(&mut client, &mut target).await;
        return;
    };
    let reset = client.clone();
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (from_target, mut to_target) = target.split();
    let mut limited = from_target.take(n);
    tokio::select! {
        // A client that says no more has not gone.
        () = endless(copy(&mut from_client, &mut to_target)) => {}
        _ended = copy(&mut limited, &mut to_client) => {}
    }
    reset.reset_on_close();
}

async fn endless(copying: impl Future<Output = io::Result<u64>>) {
    let _ended = copying.await;
    std::future::pending().await
}

/// Says that no more comes, and lets the client go first, so that it reads what it was sent.
pub(super) async fn close(client: &mut Tcp) {
    let _gone = client.shutdown().await;
    let mut nowhere = [0; 1024];
    while matches!(client.read(&mut nowhere).await, Ok(n) if n > 0) {}
}
