//! The laws of scripts and of what servers send and record.

use bytes::Bytes;
use proptest::prelude::*;
use steadfast_testkit::{Matcher, Reply, Script, Server};

use crate::client::{Client, End, get};

/// Runs one case on a runtime of its own.
fn run<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(case)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever the steps, every request is answered by the first that matches and has uses left.
    #[test]
    fn the_first_step_with_uses_left_answers(
        steps in prop::collection::vec((0u16..3, prop::option::of(0u64..4)), 0..6),
        requests in prop::collection::vec(0u16..3, 0..12),
    ) {
        // Path 0 fits "/", which is every path.
        let path = |kind: u16| if kind == 0 { "/".to_owned() } else { format!("/{kind}") };
        let script = steps.iter().enumerate().fold(Script::new(), |script, (i, (kind, times))| {
            let (matcher, reply) = (Matcher::new().path(path(*kind)), Reply::status(200 + u16::try_from(i).unwrap()));
            match times {
                Some(n) => script.when(matcher, *n, reply),
                None => script.whenever(matcher, reply),
            }
        });
        let mut left: Vec<Option<u64>> = steps.iter().map(|(_, times)| *times).collect();
        let expected: Vec<u16> = requests.iter().map(|kind| {
            let step = (0..steps.len()).find(|i| (steps[*i].0 == 0 || steps[*i].0 == *kind) && left[*i] != Some(0));
            if let Some(Some(n)) = step.map(|i| &mut left[i]) {
                *n -= 1;
            }
            step.map_or(404, |i| 200 + u16::try_from(i).unwrap())
        }).collect();
        let statuses = run(async {
            let server = Server::start(script).await.unwrap();
            let mut client = Client::dial(server.addr()).await;
            let mut statuses = Vec::new();
            for kind in &requests {
                client.send(get(&path(*kind)).as_bytes()).await;
                statuses.push(client.answer().await.unwrap().status);
            }
            statuses
        });
        prop_assert_eq!(statuses, expected);
    }

    /// A cut answer is exactly the first bytes of the whole one, and ends as it was told to.
    #[test]
    fn a_cut_sends_exactly_so_much(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..5),
        after in 0u64..120,
        whole: bool,
        reset: bool,
    ) {
        let body = chunks.concat();
        let reply = match whole {
            true => Reply::status(200).body(body.clone()),
            false => Reply::status(200).chunks(chunks.into_iter().map(Bytes::from).collect()),
        };
        let reply = if reset { reply.reset_after(after) } else { reply.truncate_after(after) };
        let answer = run(async {
            let server = Server::start(Script::new().always(reply)).await.unwrap();
            let mut client = Client::dial(server.addr()).await;
            client.send(get("/").as_bytes()).await;
            client.answer().await.unwrap()
        });
        let sent = body.len().min(usize::try_from(after).unwrap());
        prop_assert_eq!(&answer.body, &body[..sent]);
        let told = if whole && sent == body.len() { End::Complete } else if reset { End::Reset } else { End::Closed };
        prop_assert_eq!(answer.end, told);
    }

    /// What is sent is what is recorded, wherever the client pauses.
    #[test]
    fn bodies_are_recorded_as_sent(body in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..400) {
        let mut wire = format!("PUT /x HTTP/1.1\r\nhost: y\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        wire.extend_from_slice(&body);
        let cut = cut.min(wire.len());
        let seen = run(async {
            let server = Server::start(Script::new().always(Reply::status(200))).await.unwrap();
            let mut client = Client::dial(server.addr()).await;
            client.send(&wire[..cut]).await;
            tokio::task::yield_now().await;
            client.send(&wire[cut..]).await;
            client.answer().await.unwrap();
            server.seen().remove(0)
        });
        prop_assert_eq!((&seen.body[..], seen.body_len, seen.complete), (&body[..], body.len() as u64, true));
    }

    /// No text panics the reader of scripts, and every error names a line of it.
    #[test]
    fn any_text_is_a_script_or_an_error(
        text in "\\PC{0,60}|(\\[\\[step\\]\\]\n)?(match = \\{ ?[a-z]{0,6} = [0-9\".]{0,4} ?\\}\n)?then = \\{ [a-z_]{0,8} = [0-9a-z\"]{0,6} \\}\n?"
    ) {
        if let Err(error) = Script::from_toml(&text) {
            prop_assert!((1..=text.matches('\n').count() + 1).contains(&error.line), "{error} in {text:?}");
            prop_assert!(!error.message.is_empty() && !error.message.contains('\n'));
        }
    }
}
