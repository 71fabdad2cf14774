//! The proxy for SOCKS 5 (RFC 1928), with user name and password (RFC 1929).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Peer, Tcp};

use super::builder::Office;
use super::relay::{close, relay, strike};
use super::route::Target;
use super::{ProxyFault, ProxyOutcome};

const VERSION: u8 = 5;
/// Methods: none, user name and password, none that would do.
const NOTHING: u8 = 0;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
/// Reply codes.
const SUCCEEDED: u8 = 0;
const HOST_UNREACHABLE: u8 = 4;
const NO_SUCH_COMMAND: u8 = 7;
const NO_SUCH_ADDRESS: u8 = 8;

/// Serves a connection: one tunnel.
pub(super) async fn serve(socket: TcpStream, peer: Peer, office: Arc<Office>) {
    let mut client = Tcp::new(socket);
    // Whatever breaks here, the client has gone or is no client.
    if let Ok(Some((way, fault))) = open(&mut client, peer, &office).await {
        relay(client, way, fault).await;
    }
}

/// The handshake up to the open way; `None` when it came to no good end, which the client has been told.
async fn open(client: &mut Tcp, peer: Peer, office: &Office) -> io::Result<Option<(TcpStream, Option<ProxyFault>)>> {
    let methods = greeting(client).await?;
    let fault = office.fault();
    let note = |target: Target, outcome| office.log.note(peer.connection, target, true, outcome);
    if strike(client, fault).await {
        note(Target::default(), ProxyOutcome::Faulted);
        return Ok(None);
    }
    if !authenticate(client, &methods, office).await? {
        note(Target::default(), ProxyOutcome::Unauthorized);
        close(client).await;
        return Ok(None);
    }
    let target = match request(client).await? {
        Ok(target) => target,
        Err(code) => {
            reply(client, code).await?;
            close(client).await;
            return Ok(None);
        }
    };
    let (outcome, code, way) = match fault {
        Some(ProxyFault::Refuse(code)) => (ProxyOutcome::Faulted, u8::try_from(code).unwrap_or(1), None),
        _ => match office.routes.dial(&target).await {
            Some(way) => (ProxyOutcome::Opened, SUCCEEDED, Some(way)),
            None => (ProxyOutcome::Unreachable, HOST_UNREACHABLE, None),
        },
    };
    note(target, outcome);
    reply(client, code).await?;
    match way {
        Some(way) => Ok(Some((way, fault))),
        None => {
            close(client).await;
            Ok(None)
        }
    }
}

/// The first message: the methods that the client has.
async fn greeting(client: &mut Tcp) -> io::Result<Vec<u8>> {
    version(client, VERSION).await?;
    text(client).await
}

async fn authenticate(client: &mut Tcp, methods: &[u8], office: &Office) -> io::Result<bool> {
    let method = if office.credentials.is_some() { PASSWORD } else { NOTHING };
    if !methods.contains(&method) {
        client.write_all(&[VERSION, NO_METHOD]).await?;
        return Ok(false);
    }
    client.write_all(&[VERSION, method]).await?;
    let Some((user, password)) = &office.credentials else { return Ok(true) };
    version(client, 1).await?;
    let given = (text(client).await?, text(client).await?);
    let right = given.0 == user.as_bytes() && given.1 == password.as_bytes();
    client.write_all(&[1, u8::from(!right)]).await?;
    Ok(right)
}

/// What the client wants; the code of the reply when that is not to be had.
async fn request(client: &mut Tcp) -> io::Result<Result<Target, u8>> {
    version(client, VERSION).await?;
    let (command, _reserved, kind) = (client.read_u8().await?, client.read_u8().await?, client.read_u8().await?);
    let host = match kind {
        1 => Ipv4Addr::from(client.read_u32().await?).to_string(),
        3 => String::from_utf8_lossy(&text(client).await?).into_owned(),
        4 => Ipv6Addr::from(client.read_u128().await?).to_string(),
        _ => return Ok(Err(NO_SUCH_ADDRESS)),
    };
    let port = client.read_u16().await?;
    Ok(if command == 1 { Ok(Target { host, port }) } else { Err(NO_SUCH_COMMAND) })
}

/// A reply, with an address that says nothing.
async fn reply(client: &mut Tcp, code: u8) -> io::Result<()> {
    client.write_all(&[VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn version(client: &mut Tcp, expected: u8) -> io::Result<()> {
    match client.read_u8().await? {
        version if version == expected => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Bytes with their number before them.
async fn text(client: &mut Tcp) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
