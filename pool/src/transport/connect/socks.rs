//! A tunnel through a SOCKS 5 proxy (RFC 1928), with user and password where it wants them (RFC 1929).

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{TransportError, TransportErrorKind, not_connected};
use crate::proxy::Credentials;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Where the tunnel shall lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination<'h> {
    Address(IpAddr),
    /// The proxy resolves it.
    Name(&'h str),
}

impl<'h> Destination<'h> {
    pub(super) fn of(host: &'h str) -> Self {
        host.parse().map_or(Self::Name(host), Self::Address)
    }
}

/// Asks the proxy at the other end of `io` for a tunnel.
pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut S,
    to: Destination<'_>,
    port: u16,
    credentials: Option<&Credentials>,
) -> Result<(), TransportError> {
    let offer: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    send(io, offer).await?;
    match (receive(io).await?, credentials) {
        ([VERSION, NO_AUTHENTICATION], _) => {}
        ([VERSION, PASSWORD], Some(credentials)) => authenticate(io, credentials).await?,
        ([VERSION, _], Some(_)) => return Err(failed("it takes no user and password")),
        ([VERSION, _], None) => return Err(failed("it wants credentials")),
        _ => return Err(failed("it does not speak SOCKS 5")),
    }
    send(io, &request(to, port)?).await?;
    let [version, reply, _, kind] = receive(io).await?;
    if version != VERSION {
        return Err(failed("it does not speak SOCKS 5"));
    }
    if reply != 0 {
        return Err(failed(refusal(reply)));
    }
    // The address that the proxy dialled from, of no use here.
    match kind {
        IPV4 => receive::<_, { 4 + 2 }>(io).await.map(drop),
        IPV6 => receive::<_, { 16 + 2 }>(io).await.map(drop),
        NAME => {
            let [length] = receive(io).await?;
            for _ in 0..usize::from(length) + 2 {
                let [_] = receive(io).await?;
            }
            Ok(())
        }
        _ => Err(failed("it does not speak SOCKS 5")),
    }
}

async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut S,
    credentials: &Credentials,
) -> Result<(), TransportError> {
    let mut message = vec![PASSWORD_VERSION];
    for text in [&credentials.user, &credentials.password] {
        message.push(length(text)?);
        message.extend_from_slice(text.as_bytes());
    }
    send(io, &message).await?;
    match receive(io).await? {
        [_, 0] => Ok(()),
        _ => Err(failed("it refuses the credentials")),
    }
}

fn request(to: Destination<'_>, port: u16) -> Result<Vec<u8>, TransportError> {
    let mut message = vec![VERSION, CONNECT, 0];
    match to {
        Destination::Address(IpAddr::V4(address)) => {
            message.push(IPV4);
            message.extend_from_slice(&address.octets());
        }
        Destination::Address(IpAddr::V6(address)) => {
            message.push(IPV6);
            message.extend_from_slice(&address.octets());
        }
        Destination::Name(name) => {
            message.extend_from_slice(&[NAME, length(name)?]);
            message.extend_from_slice(name.as_bytes());
        }
    }
    message.extend_from_slice(&port.to_be_bytes());
    Ok(message)
}

/// What the codes of section 6 say.
fn refusal(reply: u8) -> String {
    let what = match reply {
        1 => "a general failure",
        2 => "the connection is not allowed",
        3 => "the network is unreachable",
        4 => "the host is unreachable",
        5 => "the host refused the connection",
        6 => "the connection timed out on its way",
        7 => "it cannot connect",
        8 => "it knows no such addresses",
        _ => return format!("its answer is {reply}, which has no meaning"),
    };
    format!("its answer is {reply}: {what}")
}

/// The length of a text, as the one byte that there is for it.
fn length(text: &str) -> Result<u8, TransportError> {
    u8::try_from(text.len()).map_err(|_| failed("a name is longer than the 255 bytes that SOCKS has room for"))
}

async fn send<S: AsyncWrite + Unpin>(io: &mut S, message: &[u8]) -> Result<(), TransportError> {
    io.write_all(message).await.map_err(lost)?;
    io.flush().await.map_err(lost)
}

async fn receive<S: AsyncRead + Unpin, const N: usize>(io: &mut S) -> Result<[u8; N], TransportError> {
    let mut message = [0; N];
    io.read_exact(&mut message).await.map_err(lost)?;
    Ok(message)
}

fn lost(error: io::Error) -> TransportError {
    failed("the connection to it was lost").caused_by(error)
}

fn failed(detail: impl Into<std::borrow::Cow<'static, str>>) -> TransportError {
    not_connected(TransportErrorKind::Proxy).detailed(detail)
}
