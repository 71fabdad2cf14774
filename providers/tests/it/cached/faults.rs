//! Streams that break off, caches that fail, entries that are none.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use steadfast_providers::cache::{Cache, CacheError, CacheKey, DiskCache, Entry, Recording};
use steadfast_providers::{BoxFuture, Cached, Call, Error, ErrorKind, Event, Finish, Provider};

use super::{MODES, Map, Oracle, cached, call};
use crate::rig::{Mode, ask};

#[tokio::test]
async fn a_stream_that_breaks_off_leaves_nothing_behind() {
    let start = || Ok(Event::start("oracle", "m", None));
    let text = || Ok(Event::Text("bees".into()));
    let broken = [
        vec![start(), text(), Err(Error::new(ErrorKind::Network, "oracle", "gone"))],
        vec![start(), text()],
        vec![start()],
        vec![],
    ];
    for events in broken {
        for mode in MODES {
            let (oracle, map) = (Oracle::new("oracle").gives(events.clone()), Map::default());
            let llm = cached(&oracle, &map).build();
            for _ in 0..2 {
                assert!(ask(&llm, mode, call()).await.is_err());
            }
            assert_eq!((oracle.asked(), map.len()), (2, 0));
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_before_its_finish_leaves_nothing_behind() {
    let (oracle, map) = (Oracle::new("oracle"), Map::default());
    let llm = cached(&oracle, &map).build();
    for read in 0..5 {
        let mut stream = llm.stream(call()).await.unwrap();
        for _ in 0..read {
            stream.next().await.unwrap().unwrap();
        }
        drop(stream);
        tokio::task::yield_now().await;
        assert_eq!(map.len(), 0, "{read}");
    }
    // With the finish it is whole, read on or not.
    let mut stream = llm.stream(call()).await.unwrap();
    while !matches!(stream.next().await, Some(Ok(Event::Finish(_)))) {}
    drop(stream);
    tokio::task::yield_now().await;
    assert_eq!(map.len(), 1);
}

/// Fails always, one way or the other.
struct Broken(AtomicU64);

impl Broken {
    fn fail<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T, CacheError>> {
        let corrupt = self.0.fetch_add(1, Ordering::Relaxed) % 2 == 0;
        let error = if corrupt { CacheError::Corrupt("x".into()) } else { CacheError::Unavailable("x".into()) };
        Box::pin(async { Err(error) })
    }
}

impl Cache for Broken {
    fn get<'a, 'b, 'c>(&'a self, _: &'b CacheKey) -> BoxFuture<'c, Result<Option<Entry>, CacheError>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        self.fail()
    }

    fn put<'a, 'c>(&'a self, _: CacheKey, _: Entry) -> BoxFuture<'c, Result<bool, CacheError>>
    where
        'a: 'c,
        Self: 'c,
    {
        self.fail()
    }

    fn remove<'a, 'b, 'c>(&'a self, _: &'b CacheKey) -> BoxFuture<'c, Result<bool, CacheError>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        self.fail()
    }
}

#[tokio::test]
async fn a_cache_that_fails_is_as_good_as_an_empty_one() {
    let (oracle, told) = (Oracle::new("oracle"), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&told);
    let llm = Cached::builder(oracle.clone(), Arc::new(Broken(AtomicU64::new(0))))
        .on_cache_error(move |error| seen.lock().unwrap().push(error.to_string()))
        .build();
    for mode in MODES {
        for _ in 0..3 {
            assert_eq!(ask(&llm, mode, call()).await.unwrap().text(), "bees buzz");
        }
    }
    assert_eq!(oracle.asked(), 6);
    // A look and a put each.
    assert_eq!((told.lock().unwrap().len(), llm.stats().cache_errors), (12, 12));
}

#[tokio::test]
async fn an_entry_that_is_no_answer_is_let_go_and_asked_for_anew() {
    let line = |text: &str| {
        let mut tape = steadfast_providers::cache::Tape::new(1000);
        text.lines().for_each(|line| assert!(tape.record(line)));
        tape.finish().unwrap().into_body()
    };
    let start = r#"{"start":{"form":"steadfast reply v2","provider":"p","model":"m","id":null}}"#;
    let finish = r#"{"finish":"stop"}"#;
    let bodies = [
        "no recording".into(),
        line(""),
        line(start),
        line(finish),
        line(&format!("{finish}\n{start}")),
        line(&format!("{{\"text\":\"x\"}}\n{start}\n{finish}")),
        line(&format!("{start}\n{finish}\n{finish}")),
        line(&format!("{start}\n{{\"text\":5}}\n{finish}")),
        line(&format!("{start}\n{{\"thought\":\"x\"}}\n{finish}")),
        line(&format!("{}\n{finish}", start.replace("v2", "v3"))),
    ];
    for body in bodies {
        for mode in MODES {
            let (oracle, map) = (Oracle::new("oracle"), Map::default());
            let llm = cached(&oracle, &map).build();
            ask(&llm, mode, call()).await.unwrap();
            map.change(|entry| Entry::new(body.clone(), entry.stored_at()));
            assert_eq!(ask(&llm, mode, call()).await.unwrap().cached, None, "{body:?}");
            assert!(ask(&llm, mode, call()).await.unwrap().cached.is_some(), "{body:?}");
            assert_eq!((oracle.asked(), llm.stats().cache_errors), (2, 1), "{body:?}");
        }
    }
}

/// The form in which answers lie on disk for years: changing it takes a new version.
#[tokio::test]
async fn the_form_of_a_kept_answer_is_fixed() {
    let (oracle, map) = (Oracle::new("oracle").says(["a\"b"], Finish::Length), Map::default());
    ask(&cached(&oracle, &map).build(), Mode::Stream, call()).await.unwrap();
    let body = map.0.lock().unwrap().values().next().unwrap().value().clone();
    let lines: Vec<_> = Recording::from_body(body).unwrap().replay().collect();
    let expected = [
        r#"{"start":{"form":"steadfast reply v2","provider":"oracle","model":"m-1","id":"id-1"}}"#,
        r#"{"text":"a\"b"}"#,
        r#"{"usage":{"input":40,"cached_read":3,"cache_write":0,"output":17,"reasoning":2}}"#,
        r#"{"finish":"length"}"#,
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn on_disk_there_are_answers_and_no_questions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.sqlite");
    let oracle = Oracle::new("oracle").says(["an answer"], Finish::Stop);
    let asks = || Call::new("question-canary").system("system-canary").stop("stop-canary").temperature(0.0);
    for cached in [false, true] {
        let store = DiskCache::builder(&path).open().unwrap();
        let llm = Cached::builder(oracle.clone(), Arc::new(store)).scope("scope-canary").build();
        assert_eq!(llm.complete(asks()).await.unwrap().cached.is_some(), cached);
    }
    assert_eq!(oracle.asked(), 1);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|bytes| bytes == b"canary"));
    }
    assert!(std::fs::read(&path).unwrap().windows(9).any(|bytes| bytes == b"an answer"));
}
