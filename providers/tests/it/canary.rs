//! Canaries: a key, a question, what tools are asked and answer, the credential of an image and the answer itself, looked
//! for everywhere that this crate tells anything, whatever befalls a call, also when the provider repeats them.
//!
//! What can befall a call is in `scenarios`, the ways that a call takes in `ways`, the places where things are told in
//! `sinks`: a new one is a line there. `sources` has keys that are kept in the wrong place.

mod scenarios;
mod secrets;
mod sinks;
mod sources;
mod ways;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;

use steadfast_clock::ManualClock;
use steadfast_providers::{Error, Provider, Reply, Vendor};
use steadfast_testkit::Server;

use crate::rig::{EVERY_MODE, Mode, rig};
use scenarios::rows;
use secrets::call;
use sinks::{SINKS, Told};
use ways::{WAYS, Way};

thread_local! {
    /// The panics of this thread.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Takes note of every panic, also of those that somebody catches.
fn note_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
            before(panic);
        }));
    });
}

/// Lets time pass whenever nothing else happens, for as long as it takes: caches on disk have threads of their own.
async fn patient<T>(clock: &ManualClock, call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    loop {
        for _ in 0..300 {
            if let Poll::Ready(done) = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await {
                return done;
            }
            tokio::task::yield_now().await;
        }
        clock.advance_to_next();
    }
}

/// Asks, and writes down how everything looks on the way.
async fn ask(provider: &dyn Provider, mode: Mode, shown: &mut String) -> Result<Reply, Error> {
    if mode == Mode::Plain {
        return provider.complete(call()).await;
    }
    let mut stream = provider.stream(call()).await?;
    while let Some(event) = stream.next().await {
        shown.push_str(&format!("{event:?}{stream:?}"));
    }
    stream.collect().await
}

/// Asks twice, so that what is kept is told again.
async fn told(vendor: &Vendor, mode: Mode, script: steadfast_testkit::Script, way: &Way) -> Told {
    let (rig, folder) = (rig(), tempfile::tempdir().unwrap());
    let builder = Server::builder().script(script).timer(steadfast_clock::shared(rig.clock.clone()));
    let server = builder.start().await.unwrap();
    crate::trace::listen();
    let way = (way.make)(&rig, vendor, server.url(), folder.path());
    let (mut shown, mut results) = (format!("{:?}", call()), Vec::new());
    for _ in 0..2 {
        results.push(patient(&rig.clock, ask(&*way.provider, mode, &mut shown)).await);
    }
    let health = patient(&rig.clock, way.client.check()).await;
    shown.push_str(&(way.shown)());
    let trace = crate::trace::lines();
    let panics = PANICS.take();
    let asked = server.seen().first().is_some_and(|seen| seen.text().contains("heron"));
    Told { rig, folder, shown, results, health, trace, panics, asked }
}

async fn nothing_is_told(vendor: Vendor) {
    note_panics();
    let mut leaks = Vec::new();
    for row in rows() {
        for mode in EVERY_MODE {
            for way in WAYS {
                let Some(script) = (row.script)(vendor.api, mode) else { continue };
                let told = told(&vendor, mode, script, way).await;
                assert!(told.asked, "{}, {mode:?}, {}: nothing was sent", row.name, way.name);
                for sink in SINKS {
                    let text = (sink.read)(&told);
                    for secret in sink.hides.iter().copied().flatten().filter(|secret| text.contains(**secret)) {
                        let at = text.find(secret).unwrap();
                        let around: String = text[..at].chars().rev().take(80).collect();
                        let around: String = around.chars().rev().collect();
                        leaks.push(format!(
                            "{}, {mode:?}, {}: {} tells {secret}, after {around}",
                            row.name, way.name, sink.name
                        ));
                    }
                }
                assert!(told.panics.is_empty(), "{}, {mode:?}, {}: {:?}", row.name, way.name, told.panics);
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[tokio::test]
async fn nothing_is_told_around_chat_completions() {
    nothing_is_told(Vendor::openai()).await;
}

#[tokio::test]
async fn nothing_is_told_around_responses() {
    nothing_is_told(Vendor::openai_responses()).await;
}

#[tokio::test]
async fn nothing_is_told_around_messages() {
    nothing_is_told(Vendor::anthropic()).await;
}
