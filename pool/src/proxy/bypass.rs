//! Hosts that are reached directly: loopback, and what `NO_PROXY` lists.

use std::net::IpAddr;

/// The entries of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Bypass(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Hosts {
    All,
    /// A name in lower case, and every name below it.
    Name(Box<str>),
    /// The addresses that begin with the first so many bits of this one.
    Network(IpAddr, u8),
}

impl Bypass {
    pub(super) fn add(&mut self, list: &str) -> Result<(), &'static str> {
        for text in list.split([',', ' ', '\t', '\n', '\r']).filter(|text| !text.is_empty()) {
            self.0.push(entry(text)?);
        }
        Ok(())
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Whether `host` is reached directly; an address comes without brackets.
    pub(super) fn contains(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse().ok().map(|address: IpAddr| address.to_canonical());
        let loopback = match address {
            Some(address) => address.is_loopback(),
            None => is_below(&host, "localhost"),
        };
        loopback
            || self.0.iter().any(|entry| {
                entry.port.is_none_or(|only| only == port)
                    && match (&entry.hosts, address) {
                        (Hosts::All, _) => true,
                        (Hosts::Network(network, bits), Some(address)) => is_in(address, *network, *bits),
                        (Hosts::Name(name), None) => is_below(&host, name),
                        _ => false,
                    }
            })
    }
}

fn entry(text: &str) -> Result<Entry, &'static str> {
    if let Some((network, bits)) = text.split_once('/') {
        const NONE: &str = "an entry with a slash is no network like 10.0.0.0/8";
        let network: IpAddr = network.trim_matches(['[', ']']).parse().map_err(|_| NONE)?;
        let bits: u8 = bits.parse().ok().filter(|bits| *bits <= width(network)).ok_or(NONE)?;
        return Ok(Entry { hosts: Hosts::Network(network, bits), port: None });
    }
    if let Ok(address) = text.parse() {
        return Ok(Entry { hosts: single(address), port: None });
    }
    if let Some(rest) = text.strip_prefix('[') {
        const NONE: &str = "an entry with a bracket is no address like [::1] or [::1]:80";
        let (address, port) = rest.split_once(']').ok_or(NONE)?;
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port.parse().map_err(|_| NONE)?),
            None if port.is_empty() => None,
            None => return Err(NONE),
        };
        return Ok(Entry { hosts: single(address.parse().map_err(|_| NONE)?), port });
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port.parse().map_err(|_| "an entry has a port that is none")?)),
        None => (text, None),
    };
    if name == "*" {
        return Ok(Entry { hosts: Hosts::All, port });
    }
    let name = name.strip_prefix('*').unwrap_or(name).trim_matches('.').to_ascii_lowercase();
    let hosts = match name.parse() {
        Ok(address) => single(address),
        Err(_) if name.is_empty() || name.contains('*') => return Err("an entry is no name, address, network or *"),
        Err(_) => Hosts::Name(name.into()),
    };
    Ok(Entry { hosts, port })
}

fn single(address: IpAddr) -> Hosts {
    Hosts::Network(address, width(address))
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Whether `name` is `parent` or ends in it after a dot.
fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether `address` begins with the first `bits` of `network`, an address of either family.
fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (address.to_bits().into(), network.to_bits().into(), 32),
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
        (IpAddr::V4(address), IpAddr::V6(network)) => (address.to_ipv6_mapped().to_bits(), network.to_bits(), 128),
        (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let differing: u128 = address ^ network;
    differing.checked_shr(width - u32::from(bits)).unwrap_or(0) == 0
}
