//! Single devices that speak update protocols: what they take, and what they refuse.

use std::time::Duration;

use sha2::{Digest, Sha256};
use steadfast_clock::{ManualClock, shared};
use steadfast_testkit::{DeviceSim, Matcher, Reply, Script};

use crate::client::{Answer, Client, End, addr_of, ask};

/// A request of any method.
async fn send(sim: &DeviceSim, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n{lines}content-length: {length}\r\n\r\n{body}");
    ask(addr_of(sim.url()), &request).await
}

/// Method, path, header fields and body of a request, and the status of its answer.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

fn sha256(text: &str) -> Option<[u8; 32]> {
    Some(Sha256::digest(text).into())
}

const TUS: (&str, &str) = ("Tus-Resumable", "1.0.0");
const TUS_TYPE: (&str, &str) = ("Content-Type", "application/offset+octet-stream");
const DRAFT: (&str, &str) = ("Upload-Draft-Interop-Version", "8");
const DRAFT_TYPE: (&str, &str) = ("Content-Type", "application/partial-upload");

#[tokio::test]
async fn a_tus_device_takes_an_upload_in_pieces() {
    let sim = DeviceSim::tus().version("1.0.0").start().await.unwrap();
    let offer = send(&sim, "OPTIONS", "/update", &[], "").await;
    assert_eq!(
        (offer.status, offer.header("tus-version"), offer.header("tus-extension")),
        (204, Some("1.0.0,0.2.2"), Some("creation"))
    );
    let fields =
        [TUS, ("Upload-Length", "8"), ("Upload-Metadata", "sha256 bm9uZQ==,empty"), ("X-Update-Version", "2.0.0")];
    let opened = send(&sim, "POST", "/update", &fields, "").await;
    assert_eq!(opened.status, 201);
    let path = opened.header("location").unwrap().to_owned();
    let first = send(&sim, "PATCH", &path, &[TUS, TUS_TYPE, ("Upload-Offset", "0")], "firm").await;
    assert_eq!((first.status, first.header("upload-offset")), (204, Some("4")));
    let stands = send(&sim, "HEAD", &path, &[TUS], "").await;
    let field = |name| stands.header(name);
    assert_eq!((stands.status, field("upload-offset"), field("upload-length")), (200, Some("4"), Some("8")));
    assert_eq!((field("cache-control"), field("upload-metadata")), (Some("no-store"), Some("sha256 bm9uZQ==,empty")));
    assert_eq!(send(&sim, "PATCH", &path, &[TUS, TUS_TYPE, ("Upload-Offset", "0")], "firm").await.status, 409);
    assert_eq!(send(&sim, "PATCH", &path, &[TUS, TUS_TYPE, ("Upload-Offset", "4")], "ware").await.status, 204);
    assert_eq!((sim.images(), sim.image(), sim.version().as_str()), (1, None, "1.0.0"), "the digest was another");
    sim.forget_uploads();
    assert_eq!(send(&sim, "HEAD", &path, &[TUS], "").await.status, 404);
    assert_eq!(sim.violations(), [""; 0]);
}

#[tokio::test]
async fn a_tus_device_refuses_what_the_protocol_forbids() {
    let sim = DeviceSim::tus().checks().largest(100).start().await.unwrap();
    let path =
        send(&sim, "POST", "/update", &[TUS, ("Upload-Length", "4")], "").await.header("location").unwrap().to_owned();
    let length = ("Upload-Length", "4");
    let offset = ("Upload-Offset", "0");
    let cases: [Case<'_>; 11] = [
        ("POST", "/update", &[length], "", 412),
        ("PATCH", &path, &[("Tus-Resumable", "0.2.2")], "", 412),
        ("POST", "/update", &[TUS], "", 400),
        ("POST", "/update", &[TUS, ("Upload-Length", "-1")], "", 400),
        ("POST", "/update", &[TUS, length], "body", 400),
        ("POST", "/update", &[TUS, length, ("Upload-Metadata", "a b c")], "", 400),
        ("PATCH", &path, &[TUS, offset], "firm", 415),
        ("PATCH", &path, &[TUS, TUS_TYPE], "firm", 400),
        ("PATCH", &path, &[TUS, TUS_TYPE, offset, ("Upload-Checksum", "md5 x")], "firm", 400),
        ("PATCH", &path, &[TUS, TUS_TYPE, offset], "firmware", 413),
        ("PUT", &path, &[TUS], "", 405),
    ];
    for (n, (method, path, fields, body, status)) in cases.into_iter().enumerate() {
        assert_eq!(send(&sim, method, path, fields, body).await.status, status, "{method} {fields:?}");
        assert_eq!(sim.violations().len(), n + 1, "{:?}", sim.violations());
    }
    // What a client may do, and the device does not take.
    assert_eq!(send(&sim, "POST", "/update", &[TUS, ("Upload-Length", "101")], "").await.status, 413);
    let path = send(&sim, "POST", "/update", &[TUS, length], "").await.header("location").unwrap().to_owned();
    let damaged = [TUS, TUS_TYPE, offset, ("Upload-Checksum", "sha256 AAAA")];
    assert_eq!(send(&sim, "PATCH", &path, &damaged, "firm").await.status, 460);
    let right = ("Upload-Checksum", "sha256 P2JVBzHZQvi7a13rYAN4RyEspwksLy0NkyvOIwoMryY=");
    let stands = send(&sim, "HEAD", &path, &[TUS], "").await;
    assert_eq!(stands.header("upload-offset"), Some("0"), "what is damaged is not kept");
    let sum = send(&sim, "PATCH", &path, &[TUS, TUS_TYPE, offset, right], "firm").await;
    assert_eq!(sum.status, 204);
    assert_eq!(sim.violations().len(), 11);
}

#[tokio::test]
async fn a_device_of_the_draft_takes_an_upload_in_pieces() {
    let sim = DeviceSim::draft().takes_at_a_time(5).start().await.unwrap();
    let offer = send(&sim, "OPTIONS", "/update", &[DRAFT], "").await;
    assert_eq!(offer.header("accept-patch"), Some("application/partial-upload"));
    assert_eq!(offer.header("upload-limit"), Some("max-append-size=5"));
    let fields = [DRAFT, ("Upload-Complete", "?0"), ("Upload-Length", "8"), ("X-Update-Version", "2.0.0")];
    let opened = send(&sim, "POST", "/update", &fields, "").await;
    assert_eq!((opened.status, opened.header("upload-limit")), (201, Some("max-append-size=5")));
    let path = opened.header("location").unwrap().to_owned();
    let append = |offset: &'static str, complete: &'static str| {
        [DRAFT, DRAFT_TYPE, ("Upload-Offset", offset), ("Upload-Complete", complete)]
    };
    let first = send(&sim, "PATCH", &path, &append("0", "?0"), "firm").await;
    assert_eq!((first.status, first.header("upload-complete")), (204, Some("?0")));
    let stands = send(&sim, "HEAD", &path, &[DRAFT], "").await;
    let field = |name| stands.header(name);
    assert_eq!(
        (field("upload-offset"), field("upload-complete"), field("upload-length")),
        (Some("4"), Some("?0"), Some("8"))
    );
    let wrong = send(&sim, "PATCH", &path, &append("2", "?0"), "rm").await;
    assert_eq!((wrong.status, wrong.header("upload-offset")), (409, Some("4")));
    assert_eq!((&wrong.json()["expected-offset"], &wrong.json()["provided-offset"]), (&4.into(), &2.into()));
    let last = send(&sim, "PATCH", &path, &append("4", "?1"), "ware").await;
    assert_eq!((last.status, last.header("upload-complete")), (200, Some("?1")));
    assert_eq!((sim.image(), sim.version().as_str()), (sha256("firmware"), "2.0.0"));
    let done = send(&sim, "PATCH", &path, &append("8", "?1"), "").await;
    assert!(done.json()["type"].as_str().unwrap().ends_with("#completed-upload"));
    assert_eq!(send(&sim, "DELETE", &path, &[DRAFT], "").await.status, 204);
    assert_eq!(send(&sim, "HEAD", &path, &[DRAFT], "").await.status, 404);
    assert_eq!(sim.violations(), [""; 0]);
}

#[tokio::test]
async fn a_device_of_the_draft_refuses_what_the_protocol_forbids() {
    let sim = DeviceSim::draft().largest(100).takes_at_a_time(50).start().await.unwrap();
    let incomplete = ("Upload-Complete", "?0");
    let opened = send(&sim, "POST", "/update", &[DRAFT, incomplete, ("Upload-Length", "8")], "").await;
    let path = opened.header("location").unwrap().to_owned();
    let offset = ("Upload-Offset", "0");
    let long = "x".repeat(51);
    let cases: [Case<'_>; 7] = [
        ("POST", "/update", &[incomplete], "", 400),
        ("POST", "/update", &[DRAFT], "", 400),
        ("POST", "/update", &[DRAFT, incomplete], &long, 413),
        ("PATCH", &path, &[DRAFT, offset, incomplete], "firm", 415),
        ("PATCH", &path, &[DRAFT, DRAFT_TYPE, incomplete], "firm", 400),
        ("PATCH", &path, &[DRAFT, DRAFT_TYPE, offset], "firm", 400),
        ("PATCH", &path, &[DRAFT, DRAFT_TYPE, offset, ("Upload-Complete", "?1")], "firm", 400),
    ];
    for (n, (method, path, fields, body, status)) in cases.into_iter().enumerate() {
        assert_eq!(send(&sim, method, path, fields, body).await.status, status, "{method} {fields:?}");
        assert_eq!(sim.violations().len(), n + 1, "{:?}", sim.violations());
    }
    let large = send(&sim, "POST", "/update", &[DRAFT, incomplete, ("Upload-Length", "101")], "").await;
    assert_eq!((large.status, large.header("upload-limit")), (413, Some("max-size=100, max-append-size=50")));
}

#[tokio::test]
async fn uploads_expire_on_the_devices_own_timer() {
    let clock = ManualClock::new();
    let sim =
        DeviceSim::tus().keeps_uploads(Duration::from_secs(3700)).timer(shared(clock.clone())).start().await.unwrap();
    let opened = send(&sim, "POST", "/update", &[TUS, ("Upload-Length", "8")], "").await;
    assert_eq!(opened.header("upload-expires"), Some("Thu, 01 Jan 1970 01:01:40 GMT"), "relative to its own date");
    let path = opened.header("location").unwrap().to_owned();
    clock.advance(Duration::from_secs(3699));
    assert_eq!(send(&sim, "HEAD", &path, &[TUS], "").await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(send(&sim, "HEAD", &path, &[TUS], "").await.status, 404);
}

#[tokio::test]
async fn an_upload_is_broken_off_after_so_many_bytes_and_what_came_is_kept() {
    let faults = Script::new().when(Matcher::new().method("PATCH"), 1, Reply::pass().take_only(3));
    let sim = DeviceSim::tus().faults(faults).start().await.unwrap();
    let opened = send(&sim, "POST", "/update", &[TUS, ("Upload-Length", "8")], "").await;
    let path = opened.header("location").unwrap().to_owned();
    let mut client = Client::dial(addr_of(sim.url())).await;
    let head = format!("PATCH {path} HTTP/1.1\r\nhost: test\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n");
    let head = format!("{head}Content-Type: application/offset+octet-stream\r\nContent-Length: 8\r\n\r\nfirmware");
    client.send(head.as_bytes()).await;
    assert!(matches!(client.answer().await, Err(End::Closed | End::Reset)));
    let stands = send(&sim, "HEAD", &path, &[TUS], "").await;
    assert_eq!(stands.header("upload-offset"), Some("3"));
    assert_eq!(send(&sim, "PATCH", &path, &[TUS, TUS_TYPE, ("Upload-Offset", "3")], "mware").await.status, 204);
    assert_eq!(sim.image(), sha256("firmware"));
    let patch = &sim.seen()[1];
    assert_eq!((patch.body_len, patch.complete), (3, false));
}

fn form(parts: &[(&str, &str, &str)]) -> String {
    let part = |(name, kind, body): &(&str, &str, &str)| {
        format!("--x\r\nContent-Disposition: form-data; name={name}\r\nContent-Type: {kind}\r\n\r\n{body}\r\n")
    };
    format!("{}--x--\r\n", parts.iter().map(part).collect::<String>())
}

const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=x");
const BASIC: (&str, &str) = ("Authorization", "Basic YWRtaW46c2VjcmV0");
const PUSH: &str = "/redfish/v1/UpdateService/update-multipart";

#[tokio::test]
async fn a_redfish_service_installs_in_a_task() {
    let sim = DeviceSim::redfish().busy_for(1).largest(1000).start().await.unwrap();
    let service = send(&sim, "GET", "/redfish/v1/UpdateService", &[BASIC], "").await.json();
    assert_eq!(
        (service["MultipartHttpPushUri"].as_str(), service["MaxImageSizeBytes"].as_u64()),
        (Some(PUSH), Some(1000))
    );
    let file = ("\"UpdateFile\"; filename=\"a.bin\"", "application/octet-stream", "2.0.0\nimage");
    let body = form(&[("\"UpdateParameters\"", "application/json", "{}"), file]);
    let taken = send(&sim, "POST", PUSH, &[BASIC, FORM], &body).await;
    assert_eq!((taken.status, taken.header("retry-after")), (202, Some("1")));
    let monitor = taken.header("location").unwrap().to_owned();
    let busy = send(&sim, "POST", PUSH, &[BASIC, FORM], &body).await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("30")));
    let running = send(&sim, "GET", &monitor, &[BASIC], "").await;
    assert_eq!((running.status, running.json()["TaskState"].as_str()), (202, Some("Running")));
    assert_eq!(sim.version(), "0.0.0");
    let ended = send(&sim, "GET", &monitor, &[BASIC], "").await;
    assert_eq!((ended.status, ended.json()["TaskState"].as_str()), (200, Some("Completed")));
    let member = send(&sim, "GET", "/redfish/v1/UpdateService/FirmwareInventory/BMC", &[BASIC], "").await;
    assert_eq!((member.json()["Version"].as_str(), sim.image()), (Some("2.0.0"), sha256("2.0.0\nimage")));
    assert_eq!(send(&sim, "GET", &monitor, &[BASIC], "").await.status, 404);
    assert_eq!(sim.violations(), [""; 0]);
}

#[tokio::test]
async fn a_redfish_service_refuses_strangers_and_wrong_forms() {
    let sim = DeviceSim::redfish().start().await.unwrap();
    let stranger = send(&sim, "GET", "/redfish/v1/UpdateService", &[], "").await;
    assert_eq!(stranger.status, 401);
    let info = stranger.json()["error"]["@Message.ExtendedInfo"][0]["MessageId"].clone();
    assert_eq!(info.as_str(), Some("Base.1.18.NoValidSession"));
    let sessions = "/redfish/v1/SessionService/Sessions";
    let opened = send(&sim, "POST", sessions, &[], r#"{"UserName":"admin","Password":"secret"}"#).await;
    let token = ("X-Auth-Token", opened.header("x-auth-token").unwrap());
    assert_eq!(send(&sim, "GET", "/redfish/v1/UpdateService", &[token], "").await.status, 200);
    assert_eq!(send(&sim, "DELETE", opened.header("location").unwrap(), &[token], "").await.status, 204);
    assert_eq!(send(&sim, "GET", "/redfish/v1/UpdateService", &[token], "").await.status, 401);
    let parameters = ("\"UpdateParameters\"", "application/json", "{}");
    let file = ("\"UpdateFile\"; filename=\"a.bin\"", "application/octet-stream", "x");
    for (n, parts) in [
        vec![],
        vec![file],
        vec![file, parameters],
        vec![("\"UpdateParameters\"", "text/plain", "{}"), file],
        vec![("\"UpdateParameters\"", "application/json", "[]"), file],
        vec![parameters, ("\"UpdateFile\"", "application/octet-stream", "x")],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(send(&sim, "POST", PUSH, &[BASIC, FORM], &form(&parts)).await.status, 400, "{parts:?}");
        assert_eq!(sim.violations().len(), n + 1, "{:?}", sim.violations());
    }
    assert_eq!((sim.images(), sim.image()), (0, None));
}

#[tokio::test]
async fn swupdate_takes_a_form_with_one_file() {
    let sim = DeviceSim::swupdate().start().await.unwrap();
    let file = ("\"file\"; filename=\"a.swu\"", "application/octet-stream", "2.0.0\nimage");
    let taken = send(&sim, "POST", "/upload", &[FORM], &form(&[file])).await;
    assert_eq!((taken.status, taken.text().as_str()), (200, "Ok, a.swu - 11 bytes.\r\n"));
    assert_eq!((sim.version().as_str(), sim.image()), ("2.0.0", sha256("2.0.0\nimage")));
    assert_eq!(send(&sim, "POST", "/restart", &[], "").await.status, 201);
    assert_eq!(sim.violations(), [""; 0]);
    for (n, (method, path, body, status)) in [
        ("GET", "/restart", String::new(), 405),
        ("POST", "/upload", form(&[]), 400),
        ("POST", "/upload", form(&[("\"file\"", "text/plain", "x")]), 400),
        ("POST", "/upload", form(&[file, file]), 400),
        ("POST", "/upload", String::from("no form"), 400),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(send(&sim, method, path, &[FORM], &body).await.status, status, "{method} {path} {body}");
        assert_eq!(sim.violations().len(), n + 1, "{:?}", sim.violations());
    }
    let failing = DeviceSim::swupdate().fails().start().await.unwrap();
    let failed = send(&failing, "POST", "/upload", &[FORM], &form(&[file])).await;
    assert_eq!((failed.status, failing.image()), (500, None));
}
