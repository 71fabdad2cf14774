//! A key planted wherever one can travel appears in no error, no `Debug` and no ledger.

use std::fmt::Debug;

use http::{HeaderName, HeaderValue, header};
use steadfast_pool::{HostConfig, Multipart, Part, Request, Resume, TransportErrorKind};
use steadfast_testkit::{Reply, Script, Server};

use crate::chunked::{Answer, Chunked};
use crate::rig::{Told, failed, rig};
use crate::traced::trace;

const CANARY: &str = "canary-7f3a";

#[tokio::test]
async fn keys_queries_and_bodies_are_never_told() {
    let transport = Told::new([
        failed(TransportErrorKind::Reset, steadfast_pool::Reached::Written),
        Ok((503, Vec::new(), "body with canary-7f3a")),
        Ok((400, Vec::new(), "body with canary-7f3a")),
    ]);
    let rig = rig(|pool| pool.transport(transport));
    let mut key = HeaderValue::from_static("Bearer canary-7f3a");
    key.set_sensitive(true);
    let config = HostConfig::new().default_header(header::PROXY_AUTHORIZATION, key.clone());
    rig.pool.configure_host("host", config.clone()).unwrap();
    let request = || {
        Request::post("http://host/path?key=canary-7f3a")
            .unwrap()
            .header(header::AUTHORIZATION, key.clone())
            .body("prompt canary-7f3a")
    };
    let mut told = vec![format!("{:?} {config:?} {:?}", request(), rig.pool)];
    let error = rig.pool.execute(request()).await.unwrap_err();
    told.push(format!("{error} {error:?}"));
    let response = rig.pool.execute(request()).await.unwrap();
    told.push(format!("{response:?} {}", serde_json::to_string(response.attempts()).unwrap()));
    let error = response.json::<u32>().unwrap_err();
    told.push(format!("{error} {error:?}"));
    let error = response.error_for_status().unwrap_err();
    told.push(format!("{error} {error:?}"));
    told.append(&mut rig.waits.told.lock().unwrap());
    for text in told {
        assert!(!text.contains(CANARY), "{text}");
    }
}

/// A request with a secret wherever there is room for one.
fn loaded(url: &str) -> Request {
    let secret = HeaderValue::from_static("canary-7f3a");
    let names = ["authorization", "cookie", "x-api-key", "x-plain", "last-event-id", "tracestate"];
    let request = Request::get(&format!("{url}?key=canary-7f3a#canary-7f3a")).unwrap();
    names.into_iter().fold(request, |request, name| request.header(HeaderName::from_static(name), secret.clone()))
}

fn shown(value: &(impl Debug + ?Sized)) -> String {
    format!("{value:?} {value:#?}")
}

#[test]
fn no_sink_tells_a_secret_of_redirects_streams_forms_or_codings() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut told = Vec::new();
    let traced = trace(|| {
        runtime.block_on(async {
            // On sockets: redirected within the origin, to another one, and in a circle.
            let redirect =
                |to: &str| Reply::status(302).header("location", to).header("set-cookie", CANARY).body(CANARY);
            let script = Script::new()
                .then(redirect("/a?key=canary-7f3a#canary-7f3a"))
                .then(redirect("http://user:canary-7f3a@other/?canary-7f3a"))
                .then(redirect("/b?canary-7f3a"))
                .always(redirect("/b?canary-7f3a"));
            let server = Server::start(script).await.unwrap();
            let rig = rig(|pool| pool);
            let response = rig.pool.execute(loaded(server.url())).await.unwrap();
            told.push(shown(&response));
            told.push(shown(&response.json::<u32>().unwrap_err()));
            let error = rig.pool.execute(loaded(server.url())).await.unwrap_err();
            told.push(format!("{error} {}", shown(&error)));
            told.append(&mut rig.waits.told.lock().unwrap());
        });
        runtime.block_on(async {
            // Streams: events that are cut off, no events at all, a coding that nobody knows.
            let events = Answer::events("event: x\nid: canary-7f3a\ndata: canary-7f3a\n\ndata: canary-7f3a");
            let other = Answer::new(200).header("content-type", "canary-7f3a/x").header("content-encoding", CANARY);
            let transport = Chunked::new([events.cut(), other.chunk(CANARY)]);
            let rig = rig(|pool| pool.transport(transport));
            let stream = rig.pool.stream(loaded("http://host/")).await.unwrap();
            told.push(shown(&stream));
            let mut events = stream.events().resume(Resume::new(&rig.pool, loaded("http://host/")).max_failures(0));
            told.push(shown(&events.next().await.unwrap().unwrap()));
            told.push(shown(&events));
            let error = events.next().await.unwrap().unwrap_err();
            told.push(format!("{error} {}", shown(&error)));
            let error = rig.pool.stream(loaded("http://host/")).await.unwrap().error_unless_events().unwrap_err();
            told.push(format!("{error} {}", shown(&error)));
            let form = Multipart::new().part(Part::new("name", CANARY));
            told.push(shown(&form));
            told.push(shown(&loaded("http://host/").multipart(form)));
            told.push(shown(&loaded("http://host/").form([("key", CANARY)])));
        });
    });
    told.extend(traced.records.into_iter().map(|(_, line)| line));
    told.extend(traced.spans.into_iter().map(|(_, line)| line));
    assert!(told.iter().any(|line| line.contains("redirected")) && told.len() > 20);
    for text in told {
        assert!(!text.contains(CANARY), "{text}");
    }
}
