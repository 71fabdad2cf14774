//! Where each device lives: its id, its host or path, and the way back from those to the device.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How the devices of a fleet are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Every device is a host of its own, from `127.1.0.1` on. Linux routes all of 127.0.0.0/8 to itself.
    Hosts,
    /// Every device is a path of one host: `URL/d/<id>`.
    Paths,
}

impl Default for Layout {
    /// [`Hosts`](Self::Hosts) on Linux, [`Paths`](Self::Paths) elsewhere.
    fn default() -> Self {
        if cfg!(target_os = "linux") { Self::Hosts } else { Self::Paths }
    }
}

/// A simulated device and where to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimDevice {
    /// Its id: `dev-000001` and on.
    pub id: String,
    /// Its base URL, to which `/update` and `/version` are appended.
    pub address: String,
    /// Whether it was reachable when the fleet began.
    pub online: bool,
}

/// A fleet's size and layout, and the arithmetic between device numbers (from 0), ids and addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    devices: usize,
    layout: Layout,
}

/// Last octets 1 ..= 254, third octets 0 ..= 255, second octets 1 ..= 255.
const HOSTS: usize = 254 * 256 * 255;

impl Plan {
    pub(super) fn new(devices: usize, layout: Layout) -> io::Result<Self> {
        let refuse = |message: String| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        if devices == 0 {
            return refuse("a fleet has at least one device".to_owned());
        }
        if devices > HOSTS {
            return refuse(format!("127.0.0.0/8 has room for {HOSTS} devices, not for {devices}; no fleet is larger"));
        }
        Ok(Self { devices, layout })
    }

    pub(super) fn len(self) -> usize {
        self.devices
    }

    /// The device whose host a connection is to, if devices have hosts.
    pub(super) fn host(self, local: SocketAddr) -> Option<usize> {
        match (self.layout, local.ip().to_canonical()) {
            (Layout::Hosts, IpAddr::V4(ip)) => self.within(host_number(ip)?),
            _ => None,
        }
    }

    /// The address of a device's host, if it has one of its own.
    pub(super) fn host_of(self, number: usize) -> Option<Ipv4Addr> {
        (self.layout == Layout::Hosts).then(|| host(number))
    }

    /// The device of a request, and the path as the device sees it; `None` for the fleet's own paths.
    pub(super) fn find(self, local: SocketAddr, path: &str) -> Option<(usize, &str)> {
        match self.layout {
            Layout::Hosts => Some((self.host(local)?, path)),
            Layout::Paths => {
                let rest = path.strip_prefix("/d/")?;
                let (id, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                Some((self.number(id)?, path))
            }
        }
    }

    /// The number of the device with this id.
    pub(super) fn number(self, wanted: &str) -> Option<usize> {
        let number = wanted.strip_prefix("dev-")?.parse::<usize>().ok()?.checked_sub(1)?;
        self.within(number).filter(|number| id(*number) == wanted)
    }

    fn within(self, number: usize) -> Option<usize> {
        (number < self.devices).then_some(number)
    }

    /// Where to reach a device of a fleet that listens there.
    pub(super) fn address(self, number: usize, scheme: &str, listener: SocketAddr) -> String {
        match self.layout {
            Layout::Hosts => format!("{scheme}://{}:{}", host(number), listener.port()),
            Layout::Paths => format!("{scheme}://{listener}/d/{}", id(number)),
        }
    }
}

/// The id of a device.
pub(super) fn id(number: usize) -> String {
    format!("dev-{:06}", number + 1)
}

fn host(number: usize) -> Ipv4Addr {
    let octet = |value: usize| u8::try_from(value).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, octet(1 + number / (254 * 256)), octet(number / 254 % 256), octet(1 + number % 254))
}

fn host_number(ip: Ipv4Addr) -> Option<usize> {
    let [net, b, c, d] = ip.octets();
    if net != 127 || b == 0 || d == 0 || d == u8::MAX {
        return None;
    }
    Some(((usize::from(b) - 1) * 256 + usize::from(c)) * 254 + usize::from(d) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every device of the largest fleet has a host of its own, which leads back to it, and none ends in .0 or .255.
        #[test]
        fn hosts_lead_back(number in 0..HOSTS) {
            let ip = host(number);
            prop_assert_eq!(host_number(ip), Some(number));
            prop_assert!(!matches!(ip.octets(), [_, _, _, 0 | 255]));
        }

        /// Ids lead back too, and nothing else is an id.
        #[test]
        fn ids_lead_back(number in 0usize..2_000_000) {
            let plan = Plan { devices: 2_000_000, layout: Layout::Paths };
            prop_assert_eq!(plan.number(&id(number)), Some(number));
            let other = format!("dev-{number}");
            prop_assert_eq!(plan.number(&other).map(id).unwrap_or_else(|| other.clone()), other);
        }
    }

    #[test]
    fn the_first_host_and_the_last() {
        assert_eq!(host(0), Ipv4Addr::new(127, 1, 0, 1));
        assert_eq!(host(253), Ipv4Addr::new(127, 1, 0, 254));
        assert_eq!(host(254), Ipv4Addr::new(127, 1, 1, 1));
        assert_eq!(host(HOSTS - 1), Ipv4Addr::new(127, 255, 255, 254));
        assert_eq!(host_number(Ipv4Addr::LOCALHOST), None);
    }
}
