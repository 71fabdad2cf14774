#![doc = include_str!("../README.md")]

mod dead_port;
mod headers;

mod script;
mod server;

#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(feature = "tls")]
mod tls;

mod chaos;
mod device;
mod fleet;
mod llm;

pub use chaos::{Chaos, ChaosFault, ChaosReport, ChaosServer, Handled};
pub use dead_port::DeadPort;
pub use device::{DeviceBuilder, DeviceSim};
#[cfg(feature = "tls")]
pub use fleet::FleetTls;
pub use fleet::{Devices, FleetBuilder, FleetEvent, FleetSim, Heartbeat, Layout, Report, SimDevice, Tally};
pub use headers::Headers;
#[cfg(feature = "http2")]
pub use http2::Http2;
pub use llm::{LlmBuilder, LlmLimits, LlmSim, Vendor};
#[cfg(feature = "proxy")]
pub use proxy::{Proxy, ProxyBuilder, ProxyFault, ProxyOutcome, ProxySeen};
pub use script::{Matcher, Reply, Script, ScriptError, SseEvent, Step};
pub use server::{ConnectionSeen, Protocol, Seen, Server, ServerBuilder};
#[cfg(feature = "tls")]
pub use tls::{Alpn, Authority, Handshakes, Leaf, ServerTls, TlsIdentity};
