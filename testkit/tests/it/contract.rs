//! What users may rely on at compile time.

use std::fmt::Debug;
use std::future::Future;

use steadfast_testkit::{
    Chaos, ChaosFault, ChaosReport, ChaosServer, ConnectionSeen, DeadPort, DeviceBuilder, DeviceSim, Devices,
    FleetBuilder, FleetEvent, FleetSim, Handled, Headers, Heartbeat, Layout, LlmBuilder, LlmLimits, LlmSim, Matcher,
    Protocol, Reply, Report, Script, ScriptError, Seen, Server, ServerBuilder, SimDevice, SseEvent, Step, Tally,
    Vendor,
};

fn handle<T: Send + Sync + Debug + 'static>() {}
fn send<F: Future + Send>(_: F) {}

#[test]
fn everything_is_send_sync_and_debug() {
    handle::<Server>();
    handle::<ServerBuilder>();
    handle::<LlmSim>();
    handle::<LlmBuilder>();
    handle::<LlmLimits>();
    handle::<FleetSim>();
    handle::<FleetBuilder>();
    handle::<FleetEvent<'static>>();
    handle::<Devices>();
    handle::<Heartbeat>();
    handle::<Script>();
    handle::<ScriptError>();
    handle::<Step>();
    handle::<Matcher>();
    handle::<Reply>();
    handle::<SseEvent>();
    handle::<Seen>();
    handle::<Headers>();
    handle::<Layout>();
    handle::<SimDevice>();
    handle::<Report>();
    handle::<Tally>();
    handle::<Vendor>();
    handle::<ConnectionSeen>();
    handle::<Protocol>();
    handle::<Chaos>();
    handle::<ChaosFault>();
    handle::<ChaosReport>();
    handle::<ChaosServer>();
    handle::<DeadPort>();
    handle::<DeviceSim>();
    handle::<DeviceBuilder>();
    handle::<Handled>();
}

#[cfg(feature = "tls")]
#[test]
fn the_parts_of_tls_are_too() {
    use steadfast_testkit::{Alpn, Authority, FleetTls, Handshakes, Leaf, ServerTls, TlsIdentity};

    handle::<Alpn>();
    handle::<Authority>();
    handle::<FleetTls>();
    handle::<Handshakes>();
    handle::<Leaf>();
    handle::<ServerTls>();
    handle::<TlsIdentity>();
}

#[cfg(feature = "proxy")]
#[test]
fn the_parts_of_proxies_are_too() {
    use steadfast_testkit::{Proxy, ProxyBuilder, ProxyFault, ProxyOutcome, ProxySeen};

    handle::<Proxy>();
    handle::<ProxyBuilder>();
    handle::<ProxyFault>();
    handle::<ProxyOutcome>();
    handle::<ProxySeen>();
}

#[cfg(feature = "http2")]
#[test]
fn the_parts_of_http2_are_too() {
    handle::<steadfast_testkit::Http2>();
}

#[tokio::test]
async fn futures_are_send() {
    send(Server::start(Script::new()));
    send(LlmSim::builder().start());
    send(FleetSim::builder(1).start());
    send(Chaos::calm(1).start());
    let server = Server::start(Script::new()).await.unwrap();
    send(server.wait_for(0));
    send(server.stop());
}
