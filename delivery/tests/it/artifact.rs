//! Artifacts: digests, files, and files that change.

use std::io::Write;

use steadfast_clock::ManualClock;
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, ErrorKind, FailureClass, Push, PushContext, PushError, chunk_size};
use steadfast_testkit::{Reply, Script};

use crate::support::{device, http, run, server};

fn file(contents: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(contents).unwrap();
    file.flush().unwrap();
    file
}

#[tokio::test]
async fn bytes_and_a_file_with_the_same_contents_are_the_same_artifact() {
    let contents = vec![7; 700_000];
    let file = file(&contents);
    let (open, bytes) = (Artifact::open(file.path()).await.unwrap(), Artifact::from_bytes(contents));
    assert_eq!((open.len(), open.digest()), (bytes.len(), bytes.digest()));
    assert!(!open.is_empty() && !open.is_changed());
}

#[tokio::test]
async fn the_digest_is_the_one_of_the_standard() {
    // RFC 9530, appendix B.1: the representation digest of this content.
    let artifact = Artifact::from_bytes("{\"hello\": \"world\"}\n");
    assert_eq!(artifact.digest_header(), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    let empty = Artifact::open(file(b"").path()).await.unwrap();
    assert_eq!(empty.digest_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert!(empty.is_empty());
}

#[tokio::test]
async fn what_cannot_be_opened_is_told() {
    let missing = Artifact::open("/no/such/file").await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Artifact);
    assert!(missing.to_string().starts_with("cannot read artifact /no/such/file: "), "{missing}");
    let folder = Artifact::open(std::env::temp_dir()).await.unwrap_err();
    assert!(folder.to_string().ends_with("not a regular file"), "{folder}");
}

#[test]
fn the_chunk_size_is_an_equal_share_within_its_bounds() {
    fn check(budget: usize, concurrency: usize, expected: usize) {
        assert_eq!(chunk_size(budget, concurrency), expected * 1024, "{budget} for {concurrency}");
    }
    check(32 << 20, 1, 256);
    check(32 << 20, 256, 128);
    check(32 << 20, 10_000, 64);
    check(0, 0, 64);
}

async fn push_changed(change: impl FnOnce(&std::path::Path)) {
    let clock = ManualClock::new();
    let server = server(&clock, Script::new().always(Reply::status(200))).await;
    let push = http(&clock, Policy::delivery()).build().unwrap();
    let file = file(&vec![1; 600_000]);
    let artifact = Artifact::open(file.path()).await.unwrap();
    change(file.path());
    let target = device("d", server.url());
    let pushed = run(&clock, push.push(&PushContext::new(), &target, &artifact)).await;
    let Err(PushError::Failed(failure)) = pushed else { panic!("{pushed:?}") };
    assert_eq!(failure.class, FailureClass::ArtifactChanged);
    assert!(failure.message.starts_with("the file changed since it was opened"), "{failure}");
    assert_eq!(failure.attempts.len(), 1, "never tried again");
    assert!(artifact.is_changed());
    // Known by now: nothing more is sent.
    let before = server.connections();
    let again = push.push(&PushContext::new(), &target, &artifact).await.unwrap_err();
    assert_eq!(again.failure().unwrap().class, FailureClass::ArtifactChanged);
    assert_eq!(server.connections(), before);
    assert!(server.seen().iter().all(|seen| !seen.complete), "no device got a whole body");
}

#[tokio::test]
async fn a_file_that_became_shorter_fails_as_changed() {
    push_changed(|path| std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(100).unwrap()).await;
}

#[tokio::test]
async fn a_file_that_became_longer_fails_as_changed() {
    push_changed(|path| {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_of_the_same_length_written_again_fails_as_changed() {
    push_changed(|path| {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        // Its own time, so that the test does not depend on the resolution of the file system's clock.
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    })
    .await;
}
