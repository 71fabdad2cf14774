//! Uploads that go on where they broke off, over real sockets, against devices that refuse what their protocol forbids.

mod policy;

use std::sync::LazyLock;
use std::time::Duration;

use sha2::{Digest, Sha256};
use steadfast_clock::{ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{Artifact, Attempt, Failure, FailureClass, Push, PushContext, PushError, Pushed, Resumable};
use steadfast_testkit::{DeviceBuilder, DeviceSim, Matcher, Reply, Script, Seen};

use crate::support::{device, http, run, server};

/// 3 MiB and some, no two parts of it equal.
fn artifact() -> Artifact {
    static ARTIFACT: LazyLock<Artifact> = LazyLock::new(|| numbers(800_003));
    ARTIFACT.clone()
}

fn numbers(n: u32) -> Artifact {
    Artifact::from_bytes((0..n).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
}

/// Both protocols, each with its simulated device.
fn devices() -> [(Resumable, fn() -> DeviceBuilder); 2] {
    [(Resumable::Tus, DeviceSim::tus), (Resumable::Draft, DeviceSim::draft)]
}

struct Delivered {
    pushed: Result<Pushed, PushError>,
    sim: DeviceSim,
    context: PushContext,
}

impl Delivered {
    fn attempts(&self) -> &[Attempt] {
        &self.pushed.as_ref().unwrap().attempts
    }

    fn failure(&self) -> &Failure {
        self.pushed.as_ref().unwrap_err().failure().unwrap()
    }

    /// The methods of the requests, in order.
    fn methods(&self) -> Vec<String> {
        self.sim.seen().into_iter().map(|seen| seen.method).collect()
    }

    /// The device runs the artifact.
    fn assert_whole(&self, artifact: &Artifact) {
        assert_eq!((self.sim.image(), self.sim.version().as_str()), (Some(*artifact.digest()), "2.0.0"));
        assert_eq!(self.sim.violations(), [""; 0]);
    }
}

async fn deliver_to(
    how: Resumable,
    sim: DeviceBuilder,
    faults: Script,
    policy: Policy,
    artifact: &Artifact,
) -> Delivered {
    let clock = ManualClock::new();
    let sim = sim.faults(faults).timer(shared(clock.clone())).start().await.unwrap();
    let push = http(&clock, policy).resumable(how).build().unwrap();
    let context = PushContext::new().version("2.0.0");
    let pushed = run(&clock, push.push(&context, &device("d", sim.url()), artifact)).await;
    Delivered { pushed, sim, context }
}

async fn delivered(how: Resumable, sim: DeviceBuilder, faults: Script) -> Delivered {
    deliver_to(how, sim, faults, Policy::delivery(), &artifact()).await
}

fn patches() -> Matcher {
    Matcher::new().method("PATCH")
}

/// A step that breaks an upload off after so many bytes.
fn cut(bytes: u64) -> Reply {
    Reply::pass().take_only(bytes)
}

#[tokio::test]
async fn an_upload_is_opened_and_sent() {
    for (how, sim) in devices() {
        let done = delivered(how, sim(), Script::new()).await;
        done.assert_whole(&artifact());
        assert_eq!((done.attempts().len(), done.attempts()[0].resumed_at), (1, None));
        assert_eq!(done.methods(), ["POST", "PATCH"]);
        assert_eq!((done.context.bytes_sent(), done.context.attempts_begun()), (artifact().len(), 1));
        assert_eq!(done.context.resume_token(), None, "nothing is left to take up");
        let opened = &done.sim.seen()[0];
        assert_eq!(opened.headers.get("x-device-id"), Some("d"));
        assert_eq!(opened.headers.get("x-update-version"), Some("2.0.0"));
        assert_eq!(opened.headers.get("repr-digest"), Some(artifact().digest_header().to_str().unwrap()));
        assert_eq!((opened.headers.get("content-digest"), opened.headers.get("content-length")), (None, Some("0")));
        assert!(opened.headers.contains("idempotency-key"));
        assert_eq!(done.sim.seen()[1].headers.get("content-length"), Some("3200012"));
    }
}

#[tokio::test]
async fn what_was_cut_off_goes_on_where_it_broke_off() {
    for (how, sim) in devices() {
        let faults = Script::new().when(patches(), 1, cut(2_000_000)).when(patches(), 1, cut(700_000));
        let done = delivered(how, sim(), faults).await;
        done.assert_whole(&artifact());
        let offsets: Vec<_> = done.attempts().iter().map(|attempt| attempt.resumed_at).collect();
        assert_eq!(offsets, [None, Some(2_000_000), Some(2_700_000)]);
        assert_eq!(done.methods(), ["POST", "PATCH", "HEAD", "PATCH", "HEAD", "PATCH"]);
        let last = &done.sim.seen()[5];
        assert_eq!((last.body_len, last.headers.get("upload-offset")), (500_012, Some("2700000")));
        let waits: Vec<_> = done.attempts().iter().map(|attempt| attempt.wait).collect();
        assert_eq!(waits, [Some(Duration::from_secs(1)), Some(Duration::from_secs(2)), None]);
        let cuts = done.attempts().iter().filter(|attempt| attempt.error.is_some()).count();
        assert_eq!((cuts, done.context.attempts_begun()), (2, 3));
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_no_second_byte() {
    for (how, sim) in devices() {
        let faults = Script::new().when(patches(), 1, Reply::close());
        let done = delivered(how, sim(), faults).await;
        done.assert_whole(&artifact());
        assert_eq!(done.methods(), ["POST", "PATCH", "HEAD"]);
        assert_eq!(done.context.bytes_sent(), artifact().len());
        assert_eq!(done.sim.images(), 1);
    }
}

#[tokio::test]
async fn a_server_error_is_tried_again_from_the_offset() {
    for (how, sim) in devices() {
        for method in ["POST", "PATCH", "HEAD"] {
            let faults = Script::new().when(Matcher::new().method(method), 1, Reply::status(503)).when(
                patches(),
                1,
                cut(1_000_000),
            );
            let done = deliver_to(how, sim(), faults, Policy::delivery().with_retries(3), &artifact()).await;
            done.assert_whole(&artifact());
            let refused = done.attempts().iter().filter(|attempt| attempt.status == Some(503)).count();
            assert_eq!((refused, done.attempts().len()), (1, 3), "{how:?} {method}");
            assert_eq!(done.attempts()[2].resumed_at, Some(1_000_000), "{how:?} {method}");
        }
    }
}

#[tokio::test]
async fn a_token_of_another_artifact_is_not_taken_up() {
    for (how, sim) in devices() {
        let clock = ManualClock::new();
        let sim =
            sim().faults(Script::new().whenever(patches().header("upload-offset", "0"), cut(5))).start().await.unwrap();
        let push = http(&clock, Policy::delivery().with_attempts(1).unwrap()).resumable(how).build().unwrap();
        let target = device("d", sim.url());
        let first = PushContext::new();
        run(&clock, push.push(&first, &target, &Artifact::from_bytes("one artifact"))).await.unwrap_err();
        let second = PushContext::new().resume(first.resume_token());
        run(&clock, push.push(&second, &target, &Artifact::from_bytes("two artifact"))).await.unwrap_err();
        let posts = sim.seen().iter().filter(|seen| seen.method == "POST").count();
        assert_eq!((posts, second.bytes_sent()), (2, 12), "the second upload is a new one");
    }
}

#[tokio::test]
async fn an_upload_that_the_device_forgot_begins_anew() {
    for (how, sim) in devices() {
        for status in [404, 410] {
            let faults = Script::new().when(patches(), 1, cut(1_000_000)).when(
                Matcher::new().method("HEAD"),
                1,
                Reply::status(status),
            );
            let done = delivered(how, sim(), faults).await;
            done.assert_whole(&artifact());
            assert_eq!(done.methods(), ["POST", "PATCH", "HEAD", "POST", "PATCH"]);
            assert_eq!((done.attempts().len(), done.attempts()[1].resumed_at), (2, None));
        }
    }
}

#[tokio::test]
async fn an_upload_that_has_expired_is_opened_anew_without_a_question() {
    for (how, sim) in devices() {
        let faults =
            Script::new().when(patches(), 1, cut(1_000_000)).when(Matcher::new().method("HEAD"), 1, Reply::status(500));
        let done = delivered(how, sim().keeps_uploads(Duration::from_secs(3)), faults).await;
        done.assert_whole(&artifact());
        assert_eq!(done.methods(), ["POST", "PATCH", "HEAD", "POST", "PATCH"], "3 s are over after waits of 1 and 2 s");
    }
}

#[tokio::test]
async fn a_wrong_offset_is_asked_for_and_put_right() {
    for (how, sim) in devices() {
        let faults = Script::new().when(patches(), 1, Reply::status(409).header("upload-offset", "7"));
        let done = delivered(how, sim(), faults).await;
        done.assert_whole(&artifact());
        assert_eq!(
            (done.methods(), done.attempts().len()),
            (["POST", "PATCH", "HEAD", "PATCH"].map(String::from).to_vec(), 1)
        );
        let done = delivered(how, sim(), Script::new().whenever(patches(), Reply::status(409))).await;
        assert_eq!(done.failure().class, FailureClass::ServerError);
        assert_eq!(done.methods().len(), 1 + 5 + 2 * 6, "it ends: {:?}", done.methods());
    }
}

#[tokio::test]
async fn an_offset_that_cannot_be_is_told_and_the_upload_begins_anew() {
    let beyond = Reply::pass().header("upload-offset", "99999999");
    let back = Reply::pass().header("upload-offset", "5");
    for (how, sim) in devices() {
        for (lie, told) in [(&beyond, "has 99999999 of 3200012 bytes"), (&back, "went back from 1000000 bytes to 5")] {
            let faults = Script::new()
                .when(patches(), 2, cut(1_000_000))
                .when(Matcher::new().method("HEAD"), 1, Reply::pass())
                .when(Matcher::new().method("HEAD"), 1, lie.clone());
            let done = deliver_to(how, sim(), faults, Policy::delivery().with_retries(4), &artifact()).await;
            done.assert_whole(&artifact());
            let error = done.attempts()[2].error.clone().unwrap();
            assert_eq!(error, format!("it {told}: the upload begins anew"));
            assert_eq!(done.attempts()[3].resumed_at, None);
        }
    }
}

#[tokio::test]
async fn no_upload_is_followed_to_another_host() {
    for (how, sim) in devices() {
        let elsewhere = DeviceSim::tus().start().await.unwrap();
        for location in
            [format!("{}/files/1", elsewhere.url()), String::from("//[::1]/files"), String::from("ftp://x/")]
        {
            let faults = Script::new().always(Reply::pass().header("location", location));
            let done = delivered(how, sim(), faults).await;
            let failure = done.failure();
            assert_eq!((failure.class, failure.attempts.len()), (FailureClass::Rejected, 1));
            assert!(failure.message.contains("at another host, where nothing is sent"), "{failure}");
        }
        assert_eq!(elsewhere.seen().len(), 0);
    }
}

#[tokio::test]
async fn an_artifact_of_no_bytes_is_uploaded_too() {
    for (how, sim) in devices() {
        let artifact = Artifact::from_bytes("");
        let done = deliver_to(how, sim(), Script::new(), Policy::delivery(), &artifact).await;
        done.assert_whole(&artifact);
        assert_eq!((done.sim.images(), done.context.bytes_sent()), (1, 0));
    }
}

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    for (how, sim) in devices() {
        let done = delivered(how, sim().largest(1000), Script::new()).await;
        assert_eq!((done.failure().class, done.failure().status), (FailureClass::Rejected, Some(413)));
        let done = delivered(Resumable::Probe, sim().largest(1000), Script::new()).await;
        assert_eq!((done.failure().class, done.context.bytes_sent()), (FailureClass::Rejected, 0));
    }
}

#[tokio::test]
async fn a_draft_is_sent_in_as_large_pieces_as_the_device_takes() {
    let done = delivered(Resumable::Draft, DeviceSim::draft().takes_at_a_time(1_000_000), Script::new()).await;
    done.assert_whole(&artifact());
    let patches: Vec<Seen> = done.sim.seen().into_iter().filter(|seen| seen.method == "PATCH").collect();
    let sent: Vec<_> =
        patches.iter().map(|seen| (seen.body_len, seen.headers.get("upload-complete").unwrap())).collect();
    assert_eq!(sent, [(1_000_000, "?0"), (1_000_000, "?0"), (1_000_000, "?0"), (200_012, "?1")]);
    assert_eq!(done.attempts().len(), 1);
    // A limit that is only told when it is passed.
    let told = Reply::status(413).header("upload-limit", "max-append-size=2000000");
    let done = delivered(Resumable::Draft, DeviceSim::draft(), Script::new().when(patches_at("0"), 1, told)).await;
    done.assert_whole(&artifact());
    assert_eq!(done.methods(), ["POST", "PATCH", "PATCH", "PATCH"]);
}

fn patches_at(offset: &str) -> Matcher {
    patches().header("upload-offset", offset)
}

#[tokio::test]
async fn a_draft_whose_image_the_device_cannot_use_is_told_so() {
    for (status, class, posts) in [(400, FailureClass::Rejected, 1), (500, FailureClass::ServerError, 3)] {
        let faults = Script::new().whenever(patches(), Reply::status(status).header("upload-complete", "?1"));
        let done = delivered(Resumable::Draft, DeviceSim::draft(), faults).await;
        assert_eq!((done.failure().class, done.failure().status), (class, Some(status)));
        let opened = done.methods().iter().filter(|method| *method == "POST").count();
        assert_eq!(opened, posts, "what was of no use is not resumed");
    }
}

#[tokio::test]
async fn tus_pieces_are_checked_where_the_device_checks_them() {
    // Of more than one piece of 8 MiB.
    let artifact = numbers(3_000_000);
    let faults = Script::new().when(patches_at("8388608"), 1, Reply::status(460));
    let done = deliver_to(Resumable::Probe, DeviceSim::tus().checks(), faults, Policy::delivery(), &artifact).await;
    done.assert_whole(&artifact);
    let seen: Vec<Seen> = done.sim.seen().into_iter().filter(|seen| seen.method == "PATCH").collect();
    let sent: Vec<_> = seen.iter().map(|seen| seen.body_len).collect();
    assert_eq!(sent, [8_388_608, 3_611_392, 3_611_392], "a damaged piece is sent anew, and no other");
    assert!(seen.iter().all(|seen| seen.headers.get("upload-checksum").unwrap().starts_with("sha256 ")));
    assert_eq!(done.attempts()[0].error.as_deref(), Some("what was sent arrived damaged"));
}

#[tokio::test]
async fn a_device_is_asked_what_it_speaks() {
    for (sim, methods) in
        [(DeviceSim::tus(), ["OPTIONS", "POST", "PATCH"]), (DeviceSim::draft(), ["OPTIONS", "POST", "PATCH"])]
    {
        let done = delivered(Resumable::Probe, sim, Script::new()).await;
        done.assert_whole(&artifact());
        assert_eq!(done.methods(), methods);
    }
    // A failed question is an attempt, and is asked again.
    let faults = Script::new().when(Matcher::new().method("OPTIONS"), 1, Reply::status(500));
    let done = delivered(Resumable::Probe, DeviceSim::tus(), faults).await;
    assert_eq!((done.methods().len(), done.attempts().len()), (4, 2));
}

#[tokio::test]
async fn a_device_that_offers_nothing_gets_a_plain_post() {
    for status in [200, 204, 301, 400, 404, 405, 501] {
        let clock = ManualClock::new();
        let options = Matcher::new().method("OPTIONS");
        let script = Script::new()
            .when(options.clone(), 1, Reply::status(500))
            .whenever(options, Reply::status(status))
            .times(1, Reply::status(500))
            .always(Reply::status(200));
        let server = server(&clock, script).await;
        let push = http(&clock, Policy::delivery()).resumable(Resumable::Probe).build().unwrap();
        let context = PushContext::new();
        let artifact = Artifact::from_bytes("firmware");
        let pushed = run(&clock, push.push(&context, &device("d", server.url()), &artifact)).await.unwrap();
        let numbers: Vec<_> = pushed.attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
        assert_eq!(numbers, [(1, Some(500)), (2, Some(500)), (3, Some(200))], "{status}");
        let last = server.seen().pop().unwrap();
        let digest: [u8; 32] = Sha256::digest("firmware").into();
        assert_eq!((last.method.as_str(), last.body_sha256, context.attempts_begun()), ("POST", digest, 3));
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_redirects_are_not_followed() {
    for (how, sim) in devices() {
        for status in [301, 307, 400, 401, 403, 413, 415] {
            for matcher in [Matcher::new().method("POST"), patches()] {
                let reply = Reply::status(status).header("location", "http://127.0.0.1:9/elsewhere");
                let faults = Script::new().whenever(matcher, reply);
                let done = deliver_to(how, sim(), faults, Policy::delivery(), &numbers(100)).await;
                let failure = done.failure();
                assert_eq!((failure.class, failure.status), (FailureClass::Rejected, Some(status)), "{failure}");
                assert_eq!(failure.attempts.len(), 1);
            }
        }
    }
}
