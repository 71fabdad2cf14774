//! What users may rely on at compile time.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use steadfast_providers::{
    ApiKey, Attempt, CacheHit, Cached, CachedBuilder, CachedStats, Call, Client, ClientBuilder, EmbedCall, Embeddings,
    Endpoints, Error, ErrorKind, Event, EventSource, Finish, Fitting, Hedging, History, HitKind, Identity, Message,
    Parked, Provider, Quirks, Reply, ReplyStream, Role, RoughTokens, Router, RouterBuilder, Rule, Seam, Stored,
    Strategy, Target, TargetReport, TokenEstimator, Usage, Versions,
};

fn handle<T: Send + Sync + Debug + 'static>() {}
fn value<T: Send + Sync + Debug + Clone + 'static>() {}

#[test]
fn handles_are_send_sync_and_traits_are_dyn_compatible() {
    value::<Client>();
    value::<Router>();
    value::<Call>();
    value::<Message>();
    value::<Role>();
    value::<Reply>();
    value::<Usage>();
    value::<Finish>();
    value::<Event>();
    value::<Attempt>();
    value::<ApiKey>();
    value::<ErrorKind>();
    value::<Error>();
    value::<Cached>();
    value::<CachedStats>();
    value::<CacheHit>();
    value::<HitKind>();
    value::<Identity>();
    value::<Quirks>();
    value::<Endpoints>();
    value::<EmbedCall>();
    value::<Embeddings>();
    value::<History>();
    value::<Fitting>();
    value::<RoughTokens>();
    value::<Versions>();
    handle::<CachedBuilder>();
    handle::<RouterBuilder>();
    value::<Target>();
    value::<TargetReport>();
    value::<Parked>();
    value::<Strategy>();
    value::<Rule>();
    value::<Hedging>();
    value::<Seam>();
    handle::<ClientBuilder>();
    handle::<Stored>();
    fn sendable<T: Send + Debug + 'static>() {}
    sendable::<ReplyStream>();
    let _: Option<Arc<dyn Provider>> = None;
    let _: Option<Arc<dyn TokenEstimator>> = None;
    let _: Option<Box<dyn EventSource>> = None;
}

#[test]
fn futures_can_be_spawned() {
    fn spawnable<F: Future + Send>(_: &F) {}
    fn free<F: Future + Send + 'static>(_: &F) {}
    let llm = Router::builder().build();
    if let Ok(llm) = llm {
        free(&llm.complete(Call::new("x")));
        free(&llm.stream(Call::new("x")));
        free(&llm.embed(EmbedCall::new(["x"])));
    }
    let mut stream = ReplyStream::from_events([]);
    spawnable(&stream.next());
    free(&stream.collect());
}

#[test]
fn errors_are_small() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}
