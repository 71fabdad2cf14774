//! Redfish multipart push, against a simulated management controller that refuses what the protocol forbids.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_delivery::backoff::Policy;
use steadfast_delivery::{
    ApplyTime, Artifact, DeferralReason, DeviceState, ErrorKind, Failure, FailureClass, HttpPushBuilder, Outcome, Push,
    PushContext, PushError, RedfishPush, RedfishPushBuilder, deliver,
};
use steadfast_testkit::{DeviceBuilder, DeviceSim, Matcher, Reply, Script};

use crate::support::{device, http, run};

const PUSH: &str = "/redfish/v1/UpdateService/update-multipart";
const MONITOR: &str = "/redfish/v1/TaskService/TaskMonitors/1";

fn image() -> Artifact {
    Artifact::from_bytes(format!("2.0.0\n{}", "x".repeat(300_000)))
}

fn basic(clock: &ManualClock) -> HttpPushBuilder {
    http(clock, Policy::delivery()).basic("admin", "secret")
}

fn redfish(clock: &ManualClock) -> RedfishPushBuilder {
    RedfishPush::builder().http(basic(clock)).inventory("BMC")
}

/// The outcome of a delivery, the time that it took, and the device.
async fn delivered(
    sim: DeviceBuilder,
    push: impl FnOnce(&ManualClock) -> RedfishPushBuilder,
) -> (Outcome, Duration, DeviceSim) {
    let clock = ManualClock::new();
    let start = clock.now();
    let sim = sim.timer(shared(clock.clone())).start().await.unwrap();
    let push = Arc::new(push(&clock).build().unwrap());
    let (target, timer) = (device("bmc", sim.url()), shared(clock.clone()));
    let outcome = run(&clock, deliver(push, timer, target, image(), Some("2.0.0"))).await.unwrap();
    (outcome, clock.now().since(start), sim)
}

/// The requests, in order.
fn requests(sim: &DeviceSim) -> Vec<String> {
    sim.seen().into_iter().map(|seen| format!("{} {}", seen.method, seen.path.replace("/redfish/v1/", ""))).collect()
}

fn failure(outcome: &Outcome) -> &Failure {
    outcome.failure.as_ref().unwrap()
}

#[tokio::test]
async fn an_image_is_pushed_and_its_task_and_version_are_asked_for() {
    let targets =
        |clock: &ManualClock| redfish(clock).targets(["/redfish/v1/Managers/1"]).apply_time(ApplyTime::Immediate);
    let (outcome, took, sim) = delivered(DeviceSim::redfish().busy_for(2), targets).await;
    assert_eq!(outcome.state, DeviceState::Succeeded, "{:?}", outcome.failure);
    assert_eq!((sim.image(), sim.version().as_str()), (Some(*image().digest()), "2.0.0"));
    assert_eq!(sim.violations(), [""; 0]);
    let expected = [
        "GET UpdateService",
        "POST UpdateService/update-multipart",
        "GET TaskService/TaskMonitors/1",
        "GET TaskService/TaskMonitors/1",
        "GET TaskService/TaskMonitors/1",
        "GET UpdateService/FirmwareInventory/BMC",
    ];
    assert_eq!(requests(&sim), expected);
    assert_eq!(took, Duration::from_secs(1 + 5 + 5), "as the service said");
    assert_eq!((outcome.deferrals, outcome.version.as_deref()), (0, Some("2.0.0")), "nobody asked to come back");
    let post = &sim.seen()[1];
    assert!(post.headers.contains("content-length") && !post.headers.contains("transfer-encoding"));
    let form = post.text();
    assert!(
        form.contains(r#"{"@Redfish.OperationApplyTime":"Immediate","Targets":["/redfish/v1/Managers/1"]}"#),
        "{form}"
    );
    assert!(form.contains("name=\"UpdateFile\"; filename=\"update.bin\""));
}

#[tokio::test]
async fn a_running_task_is_a_deferral_and_its_artifact_is_not_sent_again() {
    let clock = ManualClock::new();
    let sim = DeviceSim::redfish().busy_for(1).timer(shared(clock.clone())).start().await.unwrap();
    let push = redfish(&clock).build().unwrap();
    let (target, artifact) = (device("bmc", sim.url()), image());
    let first = PushContext::new().version("2.0.0");
    let Err(PushError::Deferred(deferral)) = run(&clock, push.push(&first, &target, &artifact)).await else { panic!() };
    assert_eq!((deferral.after, deferral.reason), (Duration::from_secs(1), DeferralReason::NotYet));
    let sent = first.bytes_sent();
    // Another process, with nothing but the token.
    let push = redfish(&clock).build().unwrap();
    let again = PushContext::new().version("2.0.0").resume(first.resume_token());
    let Err(PushError::Deferred(deferral)) = run(&clock, push.push(&again, &target, &artifact)).await else { panic!() };
    assert_eq!((deferral.after, deferral.attempts.len()), (Duration::from_secs(5), 0));
    run(&clock, push.push(&again, &target, &artifact)).await.unwrap();
    assert_eq!((sent, again.bytes_sent(), again.resume_token()), (artifact.len(), 0, None));
    assert_eq!((sim.images(), sim.image()), (1, Some(*artifact.digest())));
    // A token of another artifact is not followed.
    let other = PushContext::new().resume(first.resume_token());
    run(&clock, push.push(&other, &target, &Artifact::from_bytes("3.0.0\n"))).await.unwrap_err();
    assert_eq!(sim.images(), 2);
}

#[tokio::test]
async fn a_session_is_opened_and_closed_for_each_visit() {
    let session = |clock: &ManualClock| {
        RedfishPush::builder().http(http(clock, Policy::delivery())).session("admin", "secret").inventory("BMC")
    };
    let (outcome, _, sim) = delivered(DeviceSim::redfish(), session).await;
    assert_eq!((outcome.state, sim.violations().len()), (DeviceState::Succeeded, 0), "{:?}", outcome.failure);
    let requests = requests(&sim);
    let opened = requests.iter().filter(|request| *request == "POST SessionService/Sessions").count();
    let closed = requests.iter().filter(|request| *request == "DELETE SessionService/Sessions/1").count();
    assert_eq!((opened, closed), (3, 3), "{requests:?}");
    assert!(sim.seen().iter().all(|seen| !seen.headers.contains("authorization")));
    let wrong =
        |clock: &ManualClock| RedfishPush::builder().http(http(clock, Policy::delivery())).session("admin", "wr0ng");
    assert!(!format!("{:?}{:?}", wrong(&ManualClock::new()), wrong(&ManualClock::new()).build()).contains("wr0ng"));
    let (outcome, _, sim) = delivered(DeviceSim::redfish(), wrong).await;
    let failure = failure(&outcome);
    assert_eq!((failure.class, failure.status, sim.images()), (FailureClass::Rejected, Some(401), 0));
    assert!(
        failure.message.contains("(Base.1.18.InsufficientPrivilege: The user or the password is wrong.)"),
        "{failure}"
    );
}

#[tokio::test]
async fn no_password_travels_in_the_clear() {
    let clock = ManualClock::new();
    let build = |http: HttpPushBuilder| RedfishPush::builder().http(http).session("admin", "secret").build().unwrap();
    let target = device("bmc", "http://bmc.invalid");
    let push = build(http(&clock, Policy::delivery().with_attempts(1).unwrap()));
    let failed = run(&clock, push.push(&PushContext::new(), &target, &image())).await.unwrap_err();
    let failed = failed.failure().unwrap().clone();
    assert_eq!((failed.class, failed.attempts.len()), (FailureClass::Rejected, 0), "{failed}");
    let push = build(http(&clock, Policy::delivery().with_attempts(1).unwrap()).allow_plain_http());
    let failed = run(&clock, push.push(&PushContext::new(), &target, &image())).await.unwrap_err();
    assert_eq!(failed.failure().unwrap().class, FailureClass::Unreachable, "{failed}");
}

#[tokio::test]
async fn a_failed_task_is_told_with_what_the_device_says() {
    let (outcome, _, sim) = delivered(DeviceSim::redfish().busy_for(1).fails(), redfish).await;
    let failure = failure(&outcome);
    assert_eq!((failure.class, sim.version().as_str()), (FailureClass::ServerError, "0.0.0"));
    let said = "the task ended as Exception (Update.1.0.VerificationFailed: Verification failed.)";
    assert!(failure.message.ends_with(said), "{failure}");
    assert_eq!(sim.images(), 1, "a failed installation is not tried again");
}

#[tokio::test]
async fn every_way_to_end_a_task_is_known() {
    let task =
        |state: &str, status: &str| Reply::json(200, serde_json::json!({ "TaskState": state, "TaskStatus": status }));
    let gone = || Reply::status(404);
    for (reply, expected) in [
        (task("Completed", "OK"), None),
        (task("Completed", "Warning"), None),
        (Reply::status(204), None),
        (Reply::status(200).body("<html>"), None),
        (gone(), None),
        (task("Completed", "Critical"), Some("the task ended as Completed")),
        (task("Killed", "OK"), Some("the task ended as Killed")),
        (task("Cancelled", "OK"), Some("the task ended as Cancelled")),
        (Reply::status(500), Some("HTTP 500")),
        (Reply::status(400), Some("HTTP 400")),
    ] {
        let faults = Script::new().whenever(Matcher::new().path(MONITOR), reply.clone());
        let once = |clock: &ManualClock| RedfishPush::builder().http(basic(clock));
        let (outcome, ..) = delivered(DeviceSim::redfish().faults(faults), once).await;
        match expected {
            None => assert_eq!(outcome.state, DeviceState::Succeeded, "{reply:?}: {:?}", outcome.failure),
            Some(what) => assert!(failure(&outcome).message.contains(what), "{}", failure(&outcome)),
        }
    }
    // Where no version tells whether it went well, a task that is gone did not.
    let clock = ManualClock::new();
    let faults = Script::new().whenever(Matcher::new().path(MONITOR), gone());
    let sim = DeviceSim::redfish().faults(faults).start().await.unwrap();
    let push = Arc::new(RedfishPush::builder().http(basic(&clock)).build().unwrap());
    let (target, timer) = (device("bmc", sim.url()), shared(clock.clone()));
    let outcome = run(&clock, deliver(push, timer, target, image(), None)).await.unwrap();
    assert!(failure(&outcome).message.contains("the task is gone"), "{}", failure(&outcome));
}

#[tokio::test]
async fn a_controller_that_is_away_is_restarting_until_it_is_away_for_too_long() {
    let monitor = || Matcher::new().path(MONITOR);
    let faults = Script::new().when(monitor(), 1, Reply::reset()).when(monitor(), 1, Reply::status(503));
    let (outcome, took, sim) = delivered(DeviceSim::redfish().faults(faults), redfish).await;
    assert_eq!((outcome.state, sim.images()), (DeviceState::Succeeded, 1), "{:?}", outcome.failure);
    assert_eq!(took, Duration::from_secs(1 + 5 + 5), "at our own pace");
    let faults = Script::new().whenever(monitor(), Reply::reset());
    let short = |clock: &ManualClock| {
        redfish(clock).poll_every(Duration::from_secs(60)).install_within(Duration::from_secs(600))
    };
    let (outcome, took, _) = delivered(DeviceSim::redfish().faults(faults), short).await;
    let failure = failure(&outcome);
    assert_eq!((failure.class, took), (FailureClass::TimedOut, Duration::from_secs(601)));
    assert!(failure.message.contains("the task has not ended within 600 s"), "{failure}");
}

#[tokio::test]
async fn a_controller_that_takes_no_session_while_it_restarts_is_asked_again() {
    let session = |clock: &ManualClock| {
        RedfishPush::builder().http(http(clock, Policy::delivery())).session("admin", "secret").inventory("BMC")
    };
    let sessions = || Matcher::new().method("POST").path("/redfish/v1/SessionService/Sessions");
    // The session of the push; then those of the task, and of the version.
    let faults = Script::new()
        .when(sessions(), 1, Reply::pass())
        .when(sessions(), 1, Reply::reset())
        .when(sessions(), 1, Reply::status(500))
        .when(sessions(), 1, Reply::pass())
        .when(sessions(), 2, Reply::status(502));
    let (outcome, took, sim) = delivered(DeviceSim::redfish().faults(faults), session).await;
    assert_eq!((outcome.state, sim.images()), (DeviceState::Succeeded, 1), "{:?}", outcome.failure);
    assert_eq!(took, Duration::from_secs(1 + 5 + 5 + 1 + 2), "the task at its pace, the version at its own");
    assert_eq!(sim.violations(), [""; 0]);
}

#[tokio::test]
async fn another_update_under_way_is_a_deferral() {
    let busy = Reply::status(503).header("retry-after", "120");
    let faults = Script::new().when(Matcher::new().path(PUSH), 1, busy);
    let (outcome, took, _) = delivered(DeviceSim::redfish().faults(faults), redfish).await;
    assert_eq!((outcome.state, outcome.deferrals), (DeviceState::Succeeded, 1));
    assert_eq!(took, Duration::from_secs(120 + 1));
}

#[tokio::test]
async fn a_service_that_takes_no_such_push_gets_none() {
    let service = |body: serde_json::Value| {
        Script::new().whenever(Matcher::new().path("/redfish/v1/UpdateService"), Reply::json(200, body))
    };
    for (faults, what) in [
        (service(serde_json::json!({ "ServiceEnabled": true })), "it takes no multipart push"),
        (service(serde_json::json!({ "ServiceEnabled": false, "MultipartHttpPushUri": PUSH })), "is switched off"),
        (service(serde_json::json!("hello")), "the answer is no update service"),
        (
            service(serde_json::json!({ "MultipartHttpPushUri": PUSH, "MaxImageSizeBytes": 7 })),
            "it takes at most 7 bytes",
        ),
        (
            service(serde_json::json!({ "MultipartHttpPushUri": "http://127.0.0.1:9/update" })),
            "it takes updates at another host, where nothing is sent",
        ),
        (Script::new().always(Reply::status(404)), "HTTP 404"),
    ] {
        let (outcome, _, sim) = delivered(DeviceSim::redfish().faults(faults), redfish).await;
        let failure = failure(&outcome);
        assert_eq!((failure.class, outcome.bytes_sent), (FailureClass::Rejected, 0), "{failure}");
        assert!(failure.message.contains(what), "{failure}");
        assert_eq!(sim.seen().len(), 1);
    }
    let elsewhere = Script::new()
        .whenever(Matcher::new().path(PUSH), Reply::status(202).header("location", "http://127.0.0.1:9/task"));
    let (outcome, ..) = delivered(DeviceSim::redfish().faults(elsewhere), redfish).await;
    assert!(failure(&outcome).message.contains("its task is at another host"), "{}", failure(&outcome));
}

#[tokio::test]
async fn what_is_installed_can_be_asked_first() {
    let clock = ManualClock::new();
    let sim = DeviceSim::redfish().version("1.2.3").start().await.unwrap();
    let push =
        RedfishPush::builder().http(http(&clock, Policy::delivery())).session("admin", "secret").inventory("BMC");
    let push = push.build().unwrap();
    let installed = run(&clock, push.installed(&PushContext::new(), &device("bmc", sim.url()))).await.unwrap();
    assert_eq!(installed.as_deref(), Some("1.2.3"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for builder in [
        RedfishPush::builder().inventory(""),
        RedfishPush::builder().inventory("../Managers"),
        RedfishPush::builder().poll_every(Duration::ZERO),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Config);
    }
}
