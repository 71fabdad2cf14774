//! Names to addresses: those that were told, then the resolver's.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Connecting;
use crate::resolve::Resolve;

pub(super) struct Names {
    /// By `host` or `host:port`.
    told: BTreeMap<String, Arc<[IpAddr]>>,
    /// The system when there is none.
    resolver: Option<Arc<dyn Resolve>>,
}

impl Names {
    pub(super) fn new(config: &Connecting) -> Self {
        Self { told: config.addresses.clone(), resolver: config.resolver.clone() }
    }

    pub(super) async fn of(&self, host: &str, port: u16) -> io::Result<Vec<IpAddr>> {
        if let Some(told) = self.told(host, port) {
            return Ok(told.to_vec());
        }
        match &self.resolver {
            Some(resolver) => resolver.resolve(host).await,
            None => Ok(tokio::net::lookup_host((host, port)).await?.map(|address| address.ip()).collect()),
        }
    }

    fn told(&self, host: &str, port: u16) -> Option<&[IpAddr]> {
        if self.told.is_empty() {
            return None;
        }
        let told = self.told.get(&format!("{host}:{port}")).or_else(|| self.told.get(host));
        told.map(|addresses| &**addresses)
    }
}
