//! The transport on real sockets: how far each failure got, and that nothing is done behind the caller's back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast_pool::backoff::Policy;
use steadfast_pool::{CallContext, Error, ErrorKind, Reached, Request, Resend};
use steadfast_testkit::{Reply, Script, Server};

use crate::rig::rig;

async fn error(script: Script) -> Error {
    let server = Server::start(script).await.unwrap();
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    rig.pool.execute(Request::post(server.url()).unwrap().body("x")).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_connection() {
    let server = Server::start(Script::new()).await.unwrap();
    let url = server.url().to_owned();
    server.stop().await;
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let error = rig.pool.execute(Request::post(&url).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.attempts()[0].reached, Reached::NotConnected);
    assert_eq!(error.to_string(), format!("POST {url}/: connection refused"));
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let error = rig.pool.execute(Request::get("http://no-such-host.invalid/").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dns);
    assert_eq!(error.attempts()[0].reached, Reached::NotConnected);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls() {
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool.retry(Policy::disabled()));
    let url = server.url().replace("http://", "https://");
    let error = rig.pool.execute(Request::get(&url).unwrap()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Tls), "{error:?}");
    assert_eq!(error.attempts()[0].reached, Reached::NotConnected);
}

#[tokio::test]
async fn connections_that_end_before_an_answer() {
    let closed = error(Script::new().always(Reply::close())).await;
    assert_eq!((closed.kind(), closed.attempts()[0].reached), (ErrorKind::Closed, Reached::Written));
    let reset = error(Script::new().always(Reply::reset())).await;
    assert_eq!(reset.attempts()[0].reached, Reached::Written);
    assert!(matches!(reset.kind(), ErrorKind::Reset | ErrorKind::Closed), "{reset:?}");
}

/// A client of the caller's own cannot tell whether a connection had served before: nothing is sent again on that ground.
#[cfg(feature = "reqwest_0_13")]
#[tokio::test]
async fn a_client_of_ones_own() {
    let script = Script::new().then(Reply::status(200)).then(Reply::close()).always(Reply::status(200));
    let server = Server::start(script).await.unwrap();
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let tls = tls.with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).user_agent("mine").build().unwrap();
    let transport = steadfast_pool::ReqwestTransport::from_client(client);
    let rig = rig(|pool| pool.transport(Arc::new(transport)));
    let request = || Request::post(server.url()).unwrap().body("x").context(CallContext::new().resend(Resend::Stale));
    assert_eq!(rig.pool.execute(request()).await.unwrap().status(), 200);
    let error = rig.pool.execute(request()).await.unwrap_err();
    assert_eq!(error.attempts()[0].reached, Reached::Written);
    assert_eq!(server.seen()[0].headers.get("user-agent"), Some("mine"));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn redirects_are_not_the_transports_to_follow() {
    let script = Script::new().always(Reply::status(302).header("location", "/elsewhere"));
    let server = Server::start(script).await.unwrap();
    let rig = rig(|pool| pool.config(steadfast_pool::PoolConfig::new().redirects(steadfast_pool::Redirects::none())));
    let response = rig.pool.execute(Request::get(server.url()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn connections_are_kept_and_used_again() {
    let server = Server::start(Script::new().always(Reply::status(200).body("x"))).await.unwrap();
    let rig = rig(|pool| pool);
    for _ in 0..10 {
        rig.pool.execute(Request::get(server.url()).unwrap()).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

/// The stale keep-alive case over real sockets: the server closes a kept connection just when the next request arrives
/// on it. With leave the request is sent once more, on a fresh connection; without, the caller is told.
#[tokio::test]
async fn a_stale_connection_over_real_sockets() {
    for (resend, works) in [(Resend::Stale, true), (Resend::ByMethod, false)] {
        let script = Script::new().then(Reply::status(200)).then(Reply::close()).always(Reply::status(200));
        let server = Server::start(script).await.unwrap();
        let rig = rig(|pool| pool);
        let request = || Request::post(server.url()).unwrap().body("x").context(CallContext::new().resend(resend));
        rig.pool.execute(request()).await.unwrap();
        let result = rig.pool.execute(request()).await;
        assert_eq!(result.is_ok(), works, "{result:?}");
        assert_eq!(server.seen().len(), if works { 3 } else { 2 });
    }
}

#[tokio::test]
async fn a_slow_server_within_the_limits_is_fine() {
    // Real delays of a few milliseconds: what is shown is that nothing strikes, not how long it takes.
    let reply = Reply::status(200).body("slow").delay(Duration::from_millis(5)).chunk_delay(Duration::from_millis(2));
    let server = Server::start(Script::new().always(reply)).await.unwrap();
    let rig = rig(|pool| pool);
    assert_eq!(rig.pool.execute(Request::get(server.url()).unwrap()).await.unwrap().text(), "slow");
}

/// However early the reset comes, before anything was written or after: the call ends, with three connections at most.
#[tokio::test]
async fn a_server_that_resets_whatever_it_accepts() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&accepted);
    // On a thread of its own, so that the reset comes whenever it comes.
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let socket = socket.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
        }
    });
    for _ in 0..100 {
        let before = accepted.load(Ordering::SeqCst);
        let rig = rig(|pool| pool.retry(Policy::disabled()));
        let error = rig.pool.execute(Request::get(&url).unwrap()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset | ErrorKind::Connect), "{error}");
        assert!(accepted.load(Ordering::SeqCst) - before <= 4, "three, and one that was counted late");
    }
}
