//! Ports behind which there is no server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, SockAddr, Socket, Type};

/// A port of `127.0.0.1` behind which there is no server, for as long as it lives.
///
/// ```
/// use steadfast_testkit::DeadPort;
///
/// let port = DeadPort::refusing()?;
/// let error = std::net::TcpStream::connect(port.addr()).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DeadPort {
    addr: SocketAddr,
    /// Kept open.
    _held: Socket,
    _fillers: Vec<Socket>,
}

/// Connections that a system queues for a listener that asks for none, and some more.
const FILLERS: usize = 4;

impl DeadPort {
    /// Refuses connections. Nobody else gets the port meanwhile.
    ///
    /// # Errors
    ///
    /// The system has no port or no socket left.
    pub fn refusing() -> io::Result<Self> {
        // Bound, but not listening.
        Self::bound(|_| Ok(()))
    }

    /// Lets connections come about, a hundred or so at a time, and never says a word on them, nor reads one.
    ///
    /// # Errors
    ///
    /// As [`refusing`](Self::refusing).
    pub fn silent() -> io::Result<Self> {
        // The system completes the connections that wait to be accepted.
        Self::bound(|socket| socket.listen(128))
    }

    /// Leaves connections hanging while they are made, as a host does that drops packets: its queue is full. So on Linux;
    /// other systems may refuse them.
    ///
    /// # Errors
    ///
    /// As [`refusing`](Self::refusing).
    pub fn full() -> io::Result<Self> {
        let port = Self::bound(|socket| socket.listen(0))?;
        let mut fillers = Vec::new();
        for _ in 0..FILLERS {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            filler.set_nonblocking(true)?;
            // In progress, if it is not done at once.
            let _begun = filler.connect(&SockAddr::from(port.addr));
            fillers.push(filler);
        }
        Ok(Self { _fillers: fillers, ..port })
    }

    /// The address to dial.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://` and the address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    fn bound(listen: impl FnOnce(&Socket) -> io::Result<()>) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
        listen(&socket)?;
        let addr = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { addr, _held: socket, _fillers: Vec::new() })
    }
}
