//! Forms and files as bodies: what arrives, with which length, and whether it can be sent again.

use std::io::Write;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use proptest::prelude::*;
use steadfast_pool::{Body, BoxBody, ErrorKind, Multipart, Part, Request};
use steadfast_testkit::{Reply, Script, Seen, Server};

use crate::rig::rig;

/// What arrives in an answer of 503, then one of 200; `None` when it was not sent again.
async fn arrived(request: impl FnOnce(&str) -> Request) -> (Seen, Option<Seen>) {
    let server = Server::start(Script::new().then(Reply::status(503)).always(Reply::status(200))).await.unwrap();
    let rig = rig(|pool| pool);
    let request = request(server.url());
    let _ = rig.pool.execute(request).await.unwrap();
    let mut seen = server.seen().into_iter();
    (seen.next().unwrap(), seen.next())
}

/// The text that arrives, with `B` for the boundary.
fn shown(seen: &Seen) -> String {
    let kind = seen.headers.get("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    seen.text().replace(boundary, "B")
}

fn stream(sized: bool) -> BoxBody {
    let chunks = ["ab", "cd"].map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
    let stream = StreamBody::new(futures_util::stream::iter(chunks));
    if sized { Box::pin(Full::new(Bytes::from("abcd")).map_err(|never| match never {})) } else { Box::pin(stream) }
}

#[tokio::test]
async fn a_form_of_several_parts_arrives_with_its_length_each_time() {
    let form = Multipart::new()
        .text("purpose", "chat")
        .part(Part::new("file", "a,b").file_name("t.csv").content_type("text/csv".parse().unwrap()))
        .part(Part::new("raw", Body::replayable(|| stream(true))).file_name("r"));
    assert!(form.is_replayable());
    let (first, second) = arrived(|url| Request::post(url).unwrap().multipart(form)).await;
    let expected = "--B\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nchat\r\n\
        --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n\
        --B\r\nContent-Disposition: form-data; name=\"raw\"; filename=\"r\"\r\nContent-Type: application/octet-stream\r\n\r\nabcd\r\n\
        --B--\r\n";
    assert_eq!(shown(&first), expected);
    assert_eq!(first.headers.get("content-length").unwrap(), first.body_len.to_string());
    assert_eq!(second.unwrap().text(), first.text());
}

#[tokio::test]
async fn a_part_without_a_length_leaves_it_open_and_one_that_is_spent_is_not_sent_again() {
    let open = Multipart::new().part(Part::new("x", Body::replayable(|| stream(false))));
    let (first, second) = arrived(|url| Request::post(url).unwrap().multipart(open)).await;
    assert!(first.headers.get("content-length").is_none() && shown(&first).contains("\r\n\r\nabcd\r\n"));
    assert!(second.is_some());
    let part = Part::new("x", Body::once(stream(true)));
    let once = Multipart::new().part(part.clone());
    assert!(!once.is_replayable());
    let (first, second) = arrived(|url| Request::post(url).unwrap().multipart(once)).await;
    assert!(shown(&first).contains("abcd") && second.is_none());
    // The part is spent, whatever form it is put in.
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let again = Request::post(server.url()).unwrap().multipart(Multipart::new().part(part));
    let error = rig(|pool| pool).pool.execute(again).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::RequestBody, false));
}

#[tokio::test]
async fn names_are_escaped_as_browsers_do() {
    for (name, expected) in
        [("a\"b", "a%22b"), ("a\rb", "a%0D%0Ab"), ("a\nb", "a%0D%0Ab"), ("a\r\nb", "a%0D%0Ab"), ("é%\\", "é%\\")]
    {
        let file = expected
            .replace("%0D%0A", name.trim_matches(['a', 'b']).replace('\r', "%0D").replace('\n', "%0A").as_str());
        let form = Multipart::new().part(Part::new(name, "").file_name(name));
        let (seen, _) = arrived(|url| Request::post(url).unwrap().multipart(form)).await;
        let line = format!("Content-Disposition: form-data; name=\"{expected}\"; filename=\"{file}\"\r\n");
        assert!(shown(&seen).contains(&line), "{}", shown(&seen));
    }
    let (seen, _) = arrived(|url| Request::post(url).unwrap().multipart(Multipart::default())).await;
    assert_eq!(shown(&seen), "--B--\r\n");
}

proptest! {
    /// Whatever a part is called, it begins with three header lines: no name adds one of its own.
    #[test]
    fn no_name_breaks_out_of_its_line(name: String, file: String) {
        let body = Multipart::new().part(Part::new(name, "").file_name(file)).into_body();
        let request = Request::post("http://host/").unwrap().body(body);
        let pool = steadfast_pool::mock::MockPool::new();
        pool.transport().when(steadfast_pool::mock::When::any()).always(steadfast_pool::mock::MockResponse::status(200));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(pool.execute(request)).unwrap();
        let sent = String::from_utf8(pool.requests()[0].body.to_vec()).unwrap();
        prop_assert_eq!(sent.split("\r\n").count(), 7);
        prop_assert_eq!(sent.matches('"').count(), 4);
    }
}

#[tokio::test]
async fn fields_are_written_as_in_an_url() {
    let (seen, _) = arrived(|url| Request::post(url).unwrap().form([("grant type", "a&b=c"), ("é", "~")])).await;
    assert_eq!(seen.text(), "grant+type=a%26b%3Dc&%C3%A9=%7E");
    assert_eq!(seen.headers.get("content-type"), Some("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn a_file_is_sent_as_it_is_and_again() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let contents: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    file.write_all(&contents).unwrap();
    let body = Body::file(file.path()).await.unwrap();
    assert!(body.is_replayable());
    // What is added later is not part of it.
    file.write_all(b"more").unwrap();
    let (first, second) = arrived(|url| Request::post(url).unwrap().body(body.clone())).await;
    assert_eq!(first.headers.get("content-length"), Some("200000"));
    assert_eq!((first.body_len, second.unwrap().body_len), (200_000, 200_000));
    let form = Multipart::new().part(Part::new("file", body.clone()).file_name("f"));
    let (first, _) = arrived(|url| Request::post(url).unwrap().multipart(form)).await;
    assert_eq!(first.headers.get("content-length").unwrap(), first.body_len.to_string());
    file.as_file().set_len(100_000).unwrap();
    let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
    let error = rig(|pool| pool).pool.execute(Request::post(server.url()).unwrap().body(body)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequestBody);
    for path in ["/no/such/file", "/"] {
        assert_eq!(Body::file(path).await.unwrap_err().kind(), ErrorKind::RequestBody);
    }
}
