//! Where to go: hosts and ports out of requests, and the addresses behind them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpStream;

/// A host and a port, as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// Out of `host:port`, `[address]:port`, or without a port where there is a default.
    pub(super) fn parse(authority: &str, default: Option<u16>) -> Option<Self> {
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                (host, rest.strip_prefix(':'))
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(port) => port.parse().ok()?,
            None => default?,
        };
        (!host.is_empty()).then(|| Self { host: host.to_owned(), port })
    }
}

/// The addresses behind names.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes(Vec<(String, SocketAddr)>);

impl Routes {
    pub(super) fn add(&mut self, name: String, addr: SocketAddr) {
        self.0.push((name, addr));
    }

    /// The address of a target, if it is on loopback.
    fn addr(&self, target: &Target) -> Option<SocketAddr> {
        let known = self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(&target.host));
        let addr = match known {
            Some((_, addr)) => *addr,
            None if target.host.eq_ignore_ascii_case("localhost") => (Ipv4Addr::LOCALHOST, target.port).into(),
            None => SocketAddr::new(target.host.parse::<IpAddr>().ok()?, target.port),
        };
        addr.ip().to_canonical().is_loopback().then_some(addr)
    }

    /// Dials a target.
    pub(super) async fn dial(&self, target: &Target) -> Option<TcpStream> {
        let socket = TcpStream::connect(self.addr(target)?).await.ok()?;
        socket.set_nodelay(true).ok()?;
        Some(socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_read() {
        let check = |authority: &str, default: Option<u16>, expected: Option<(&str, u16)>| {
            let target = Target::parse(authority, default);
            assert_eq!(target.as_ref().map(|t| (t.host.as_str(), t.port)), expected, "{authority}");
        };
        check("a.test:1", None, Some(("a.test", 1)));
        check("a.test", Some(80), Some(("a.test", 80)));
        check("[::1]:2", None, Some(("::1", 2)));
        check("[::1]", Some(80), Some(("::1", 80)));
        for wrong in ["a.test", "a.test:", "a.test:x", "a.test:70000", ":1", "[::1", "", "[]:1"] {
            check(wrong, None, None);
        }
    }

    #[test]
    fn nothing_but_loopback_has_an_address() {
        let mut routes = Routes::default();
        routes.add("a.test".to_owned(), ([127, 0, 0, 1], 9).into());
        routes.add("far.test".to_owned(), ([192, 0, 2, 1], 9).into());
        let addr = |host: &str| routes.addr(&Target { host: host.to_owned(), port: 7 }).map(|addr| addr.to_string());
        assert_eq!(addr("A.test").as_deref(), Some("127.0.0.1:9"));
        assert_eq!(addr("localhost").as_deref(), Some("127.0.0.1:7"));
        assert_eq!(addr("127.3.0.1").as_deref(), Some("127.3.0.1:7"));
        assert_eq!(addr("::1").as_deref(), Some("[::1]:7"));
        for nowhere in ["far.test", "b.test", "192.0.2.1", "0.0.0.0"] {
            assert_eq!(addr(nowhere), None);
        }
    }
}
