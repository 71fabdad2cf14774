//! Credentials, TLS and certificates: who is trusted, who we are, and where a secret does not go.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};
use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::pool::{PoolConfig, Tls};
use steadfast_delivery::{
    Artifact, ErrorKind, Failure, FailureClass, HttpPush, HttpPushBuilder, Push, PushContext, PushError,
};
use steadfast_testkit::{Authority, Leaf, Reply, Script, Server, ServerTls};

use crate::support::{device, http, run, server};

const SECRET: &str = "c4nary-t0ken";

fn failure(result: Result<steadfast_delivery::Pushed, PushError>) -> Failure {
    match result {
        Err(PushError::Failed(failure)) => *failure,
        other => panic!("no failure: {other:?}"),
    }
}

async fn secure(tls: ServerTls) -> Server {
    Server::builder().tls(tls).script(Script::new().always(Reply::status(200).body("2"))).start().await.unwrap()
}

/// Pushes to a server with TLS settings of its own.
async fn push(tls: Tls, server: &Server) -> Result<steadfast_delivery::Pushed, PushError> {
    let push = HttpPush::builder().tls(tls).retry(Policy::disabled()).build().unwrap();
    push.push(&PushContext::new(), &device("d", server.url()), &Artifact::from_bytes("x")).await
}

#[tokio::test]
async fn every_request_has_the_credential() {
    let clock = ManualClock::new();
    let builder = || http(&clock, Policy::delivery());
    for (builder, expected) in [
        (builder().bearer(SECRET), "Bearer c4nary-t0ken"),
        (builder().basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ] {
        let server = server(&clock, Script::new().always(Reply::status(200).body("2"))).await;
        let push = builder.build().unwrap();
        let target = device("d", server.url());
        run(&clock, push.push(&PushContext::new(), &target, &Artifact::from_bytes("x"))).await.unwrap();
        run(&clock, push.verify(&PushContext::new(), &target, "2")).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|seen| seen.headers.get("authorization") == Some(expected)));
    }
}

#[tokio::test]
async fn a_secret_is_shown_to_nobody_who_debugs() {
    let builder = HttpPush::builder().bearer(SECRET);
    let told = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!told.contains(SECRET) && told.contains("Bearer") && told.contains("authorization"), "{told}");
    let told = format!("{:?}", HttpPush::builder().basic("user", SECRET));
    assert!(!told.contains(SECRET) && !told.contains("user"), "{told}");
}

#[tokio::test]
async fn a_credential_does_not_travel_in_the_clear() {
    let clock = ManualClock::new();
    let mut marked = HeaderValue::from_static(SECRET);
    marked.set_sensitive(true);
    let settings: [HttpPushBuilder; 3] = [
        http(&clock, Policy::disabled()).bearer(SECRET),
        http(&clock, Policy::disabled()).basic("a", SECRET),
        http(&clock, Policy::disabled()).header(HeaderName::from_static("x-key"), marked),
    ];
    for builder in settings {
        // A name that does not resolve: were it dialled, that would be the failure.
        let target = device("d", "http://till.invalid/d/7");
        let push = builder.clone().build().unwrap();
        let artifact = Artifact::from_bytes("x");
        let context = PushContext::new();
        let refused = failure(push.push(&context, &target, &artifact).await);
        assert_eq!((refused.class, context.attempts_begun()), (FailureClass::Rejected, 0));
        assert!(refused.message.ends_with("use https, or allow it with allow_plain_http()"), "{refused}");
        assert!(refused.message.contains("to till.invalid in the clear") && !refused.message.contains(SECRET));
        let asked = push.installed(&context, &target).await.unwrap_err();
        assert_eq!(asked.failure().unwrap().class, FailureClass::Rejected);
        let allowed = builder.allow_plain_http().build().unwrap();
        let dialled = failure(run(&clock, allowed.push(&context, &target, &artifact)).await);
        assert_eq!(dialled.class, FailureClass::Unreachable, "{dialled}");
    }
}

#[tokio::test]
async fn a_redirect_leads_no_credential_elsewhere() {
    let clock = ManualClock::new();
    let elsewhere = server(&clock, Script::new().always(Reply::status(200))).await;
    let reply = Reply::status(307).header("location", elsewhere.url());
    let server = server(&clock, Script::new().always(reply)).await;
    let push = http(&clock, Policy::delivery()).bearer(SECRET).build().unwrap();
    let pushed = push.push(&PushContext::new(), &device("d", server.url()), &Artifact::from_bytes("x")).await;
    assert_eq!(failure(pushed).status, Some(307));
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let authority = Authority::new().unwrap();
    let server = secure(ServerTls::new(authority.localhost().unwrap())).await;
    let trusting = Tls::new().add_root_pem(authority.root_pem().as_bytes()).unwrap();
    push(trusting.clone(), &server).await.unwrap();
    let distrusted = failure(push(Tls::new(), &server).await);
    assert_eq!(distrusted.class, FailureClass::Tls, "{distrusted}");
    let wrong_pin = format!("sha256/{}=", "A".repeat(43)).parse().unwrap();
    let pinned = failure(push(trusting.pin_all(wrong_pin), &server).await);
    assert_eq!(pinned.class, FailureClass::Tls, "{pinned}");
    push(Tls::new().danger_accept_invalid_certs(true), &server).await.unwrap();
}

#[tokio::test]
async fn a_device_may_demand_a_certificate() {
    let authority = Authority::new().unwrap();
    let server = secure(ServerTls::new(authority.localhost().unwrap()).require_client(&authority)).await;
    let trusting = Tls::new().add_root_pem(authority.root_pem().as_bytes()).unwrap();
    let anonymous = failure(push(trusting.clone(), &server).await);
    assert_eq!(anonymous.class, FailureClass::Tls, "{anonymous}");
    let own = authority.issue(Leaf::client("orchestrator")).unwrap();
    let known = trusting.client_certificate(own.certificate_pem().as_bytes(), own.key_pem().as_bytes()).unwrap();
    push(known, &server).await.unwrap();
}

#[tokio::test]
async fn a_device_that_speaks_nothing_newer_than_tls_1_1_is_refused() {
    let server = secure(ServerTls::obsolete()).await;
    let refused = failure(push(Tls::new().danger_accept_invalid_certs(true), &server).await);
    assert_eq!(refused.class, FailureClass::Tls, "{refused}");
}

#[test]
fn credentials_and_pools_that_contradict_each_other_are_refused() {
    let clock = ManualClock::new();
    let pool =
        || HttpPush::pool_builder(&Policy::delivery()).timer(shared(clock.clone())).wall(Arc::new(clock.clone()));
    let pool = pool().config(PoolConfig::new()).build().unwrap();
    for (builder, expected) in [
        (HttpPush::builder().bearer("two words"), "the bearer token is empty, or holds"),
        (HttpPush::builder().basic("a:b", "c"), "the user holds a colon"),
        (
            HttpPush::builder().bearer("a").header(header::AUTHORIZATION, HeaderValue::from_static("b")),
            "two credentials",
        ),
        (HttpPush::builder().tls(Tls::new()).pool(pool), "there is a pool"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
    }
}
