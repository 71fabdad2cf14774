//! Names to addresses.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;

/// What [`Resolve::resolve`] returns. It must not borrow the resolver: dialling may outlive the call that made it.
pub type ResolveFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Resolves the names of hosts and proxies.
///
/// ```
/// use std::net::Ipv4Addr;
/// use std::sync::Arc;
/// use steadfast_pool::{PoolConfig, Resolve, ResolveFuture};
///
/// /// A network with one machine.
/// #[derive(Debug)]
/// struct Alone;
///
/// impl Resolve for Alone {
///     fn resolve(&self, _host: &str) -> ResolveFuture {
///         Box::pin(async { Ok(vec![Ipv4Addr::LOCALHOST.into()]) })
///     }
/// }
///
/// let config = PoolConfig::new().resolver(Arc::new(Alone));
/// ```
pub trait Resolve: Send + Sync + fmt::Debug {
    /// The addresses of `host`, best first: a name in lower case, never an address. They are tried as Happy Eyeballs
    /// (RFC 8305) has it: the families in turn, beginning with that of the first.
    fn resolve(&self, host: &str) -> ResolveFuture;
}
