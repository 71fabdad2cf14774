//! Where keys come from, and how they are exchanged while the program runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_providers::{ApiKey, Call, Client, Error, ErrorKind, KeySource, Provider};
use steadfast_testkit::{LlmSim, Matcher, Reply as Answer, Script, Server};

use crate::rig::{EVERY, Mode, Rig, VENDORS, Vendor, ask, rig};

const OLD: &str = "sk-canary-old-9f31";
const NEW: &str = "sk-canary-new-77ab";

fn client(vendor: Vendor, rig: &Rig, url: &str, source: KeySource) -> Result<Client, Error> {
    vendor.builder(&rig.pool, url).key_from(source).build()
}

/// A server that accepts the new key alone, and repeats the one that it does not accept.
async fn strict(vendor: Vendor, mode: Mode) -> Server {
    let (header, old) = match vendor {
        Vendor::OpenAi => ("authorization", format!("Bearer {OLD}")),
        Vendor::Anthropic => ("x-api-key", OLD.to_owned()),
    };
    let refusal = Answer::json(401, vendor.error("authentication_error", None, &format!("no such key {OLD}")));
    let script = Script::new().whenever(Matcher::new().header(header, old), refusal).always(vendor.answer(mode, "x"));
    Server::start(script).await.unwrap()
}

#[tokio::test]
async fn a_key_that_was_exchanged_where_it_is_kept_is_exchanged_here() {
    for (vendor, mode) in EVERY {
        let (folder, rig, server) = (tempfile::tempdir().unwrap(), rig(), strict(vendor, mode).await);
        let path = folder.path().join("key");
        std::fs::write(&path, format!("  {OLD}\n")).unwrap();
        let client = client(vendor, &rig, server.url(), KeySource::file(&path)).unwrap();
        let error = ask(&client, mode, Call::new("a")).await.unwrap_err();
        assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Authentication, 1), "{error}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        let before = client.identity(&Call::new("a"));

        std::fs::write(&path, NEW).unwrap();
        let reply = ask(&client, mode, Call::new("a")).await.unwrap();
        let statuses: Vec<_> = reply.attempts.iter().map(|attempt| attempt.http.status).collect();
        assert_eq!(statuses, [Some(401), Some(200)], "{vendor} {mode:?}");
        assert_ne!(client.identity(&Call::new("a")), before);
        ask(&client, mode, Call::new("a")).await.unwrap();
        assert_eq!(server.seen().len(), 4);
    }
}

#[tokio::test]
async fn a_key_that_is_still_refused_is_asked_for_once() {
    for (vendor, mode) in EVERY {
        let (rig, server, read) = (rig(), strict(vendor, mode).await, Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&read);
        let source = KeySource::resolver(move || {
            count.fetch_add(1, Ordering::Relaxed);
            async { Ok(ApiKey::new(OLD)) }
        });
        let client = client(vendor, &rig, server.url(), source).unwrap();
        assert_eq!(client.identity(&Call::new("a")), None);
        let error = ask(&client, mode, Call::new("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
        assert_eq!((server.seen().len(), read.load(Ordering::Relaxed)), (1, 2));
    }
}

#[tokio::test]
async fn former_keys_are_not_told_either() {
    let vendor = Vendor::OpenAi;
    let echo = vendor.error("invalid_request_error", None, &format!("you are known as {OLD} and {NEW}"));
    let refusal = Answer::json(401, vendor.error("authentication_error", None, "no"));
    let script = Script::new().then(refusal).always(Answer::json(400, echo));
    let (rig, server) = (rig(), Server::start(script).await.unwrap());
    let keys = Mutex::new(vec![NEW, OLD]);
    let source = KeySource::resolver(move || {
        let key = keys.lock().unwrap().pop().map(ApiKey::new);
        async { key.ok_or_else(|| Error::new(ErrorKind::MissingKey, "", "no key is left")) }
    });
    let client = client(vendor, &rig, server.url(), source).unwrap();
    let error = client.complete(Call::new("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::InvalidRequest, 2), "{error}");
    let told = format!("{error} {error:?} {client:?}");
    assert!(!told.contains("canary") && told.contains("you are known as"), "{told}");
}

#[tokio::test]
async fn an_old_key_is_read_again_and_stays_when_it_cannot_be() {
    let (folder, rig) = (tempfile::tempdir().unwrap(), rig());
    let path = folder.path().join("key");
    std::fs::write(&path, OLD).unwrap();
    let sim = LlmSim::builder().require_key(OLD).start().await.unwrap();
    let source = KeySource::file(&path).every(Duration::from_secs(60));
    let client = client(Vendor::OpenAi, &rig, sim.anthropic_url(), source).unwrap();
    client.complete(Call::new("a")).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    rig.clock.advance(Duration::from_secs(60));
    client.complete(Call::new("a")).await.unwrap();
    std::fs::write(&path, NEW).unwrap();
    let error = client.complete(Call::new("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn files_that_hold_no_key_are_told_by_name() {
    let (folder, rig) = (tempfile::tempdir().unwrap(), rig());
    let (none, empty) = (folder.path().join("none"), folder.path().join("empty"));
    std::fs::write(&empty, " \n").unwrap();
    for vendor in VENDORS {
        for (path, what) in [(&none, "cannot be read"), (&empty, "holds no key")] {
            let error = client(vendor, &rig, "http://127.0.0.1:1", KeySource::file(path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MissingKey);
            let text = error.to_string();
            assert!(text.contains(what) && text.contains(&*path.to_string_lossy()), "{text}");
        }
    }
}

#[cfg(unix)]
mod commands {
    use super::*;

    async fn said(source: KeySource) -> Result<String, Error> {
        let vendor = Vendor::OpenAi;
        let (rig, server) = (rig(), Server::start(Script::new().always(vendor.whole("x"))).await.unwrap());
        client(vendor, &rig, server.url(), source)?.complete(Call::new("a")).await?;
        Ok(server.seen().remove(0).headers.get("authorization").unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn what_a_command_prints_is_the_key() {
        assert_eq!(said(KeySource::command(["printf", " %s\n", NEW])).await.unwrap(), format!("Bearer {NEW}"));
    }

    #[tokio::test]
    async fn a_command_that_gives_no_key_is_told_without_what_it_printed() {
        let shell = |script: &str| KeySource::command(["sh", "-c", script]);
        for (source, what) in [
            (shell("echo canary; echo canary >&2; exit 3"), "ended with exit code 3"),
            (shell("true"), "printed no key"),
            (shell("yes canary"), "printed what is no key"),
            (KeySource::command(["/nowhere/at-all"]), "cannot be run"),
            (KeySource::command([""; 0]), "is empty"),
        ] {
            let error = said(source).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MissingKey);
            assert!(error.to_string().contains(what) && !format!("{error:?}").contains("canary"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up() {
        let rig = rig();
        let source = KeySource::command(["sleep", "1000"]);
        let client = client(Vendor::OpenAi, &rig, "http://127.0.0.1:1", source).unwrap();
        let passing = async {
            while rig.clock.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            rig.clock.advance(Duration::from_secs(30));
        };
        let (result, ()) = tokio::join!(client.complete(Call::new("a")), passing);
        assert!(result.unwrap_err().to_string().contains("did not end within 30s"));
    }
}
