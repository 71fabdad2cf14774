//! TLS for the servers: certificates made at run time, good ones and bad ones, and handshakes that go wrong.

mod acceptor;
mod authority;
mod identity;
mod key;
mod leaf;
mod obsolete;
mod settings;
mod tally;

pub(crate) use acceptor::Acceptor;
pub use authority::Authority;
pub use identity::TlsIdentity;
pub(crate) use key::LeafKey;
pub use leaf::Leaf;
pub use settings::{Alpn, ServerTls};
pub use tally::Handshakes;
pub(crate) use tally::Tally;
