//! Streams that break off after some text, and are gone on with.

use steadfast_clock::{ManualClock, shared};
use steadfast_providers::cache::Rule;
use steadfast_providers::{
    Cached, Call, ErrorKind, Event, Finish, Message, OutputFormat, Provider, Reply, Role, Router, RouterBuilder,
    Target, Usage,
};
use steadfast_testkit::{Reply as Answer, Script, Server};

use super::stage::{Act, Player, run};
use crate::cached::Map;
use crate::rig::{Mode, Vendor, ask, rig};

fn builder(clock: &ManualClock) -> RouterBuilder {
    Router::builder().timer(shared(clock.clone())).continue_streams(true)
}

fn breaking(clock: &ManualClock, texts: &[&str]) -> Player {
    Player::new("a", clock, [Act::breaks(texts, ErrorKind::Overloaded)])
}

fn going_on(clock: &ManualClock, texts: &[&str]) -> Player {
    Player::new("b", clock, [Act::says(texts)]).continuing()
}

fn streamed(clock: &ManualClock, llm: &Router, call: Call) -> Result<Reply, steadfast_providers::Error> {
    run(clock, ask(llm, Mode::Stream, call))
}

#[test]
fn another_one_goes_on_and_the_seam_is_told() {
    let clock = ManualClock::new();
    let (a, b) = (breaking(&clock, &["Bees ", "beat "]), going_on(&clock, &["their ", "wings."]));
    let llm = builder(&clock).target(a.clone()).target(b.clone()).build().unwrap();
    let mut stream = run(&clock, llm.stream(Call::new("Why?").system("s"))).unwrap();
    let mut events = Vec::new();
    while let Some(event) = run(&clock, stream.next()) {
        events.push(event.unwrap());
    }
    let kinds = events.iter().map(|event| match event {
        Event::Text(text) => text.clone(),
        Event::Seam(seam) => seam.to_string(),
        Event::Start { provider, .. } => format!("start {provider}"),
        Event::Usage(usage) => format!("usage {}", usage.total()),
        Event::Finish(finish) => finish.to_string(),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "start a",
            "Bees ",
            "beat ",
            "usage 15",
            "b/m goes on for a/m after 10 bytes (overloaded)",
            "their ",
            "wings.",
            "usage 30",
            "stop",
        ]
    );
    assert_eq!(stream.fallbacks(), 1);
    let asked: Vec<_> =
        b.calls()[0].messages().iter().map(|message| (message.role, message.text().into_owned())).collect();
    assert_eq!(asked, [(Role::User, String::from("Why?")), (Role::Assistant, String::from("Bees beat"))]);
    let reply = streamed(&clock, &llm, Call::new("Why?")).unwrap();
    assert_eq!((&*reply.text(), reply.provider.as_str(), reply.usage.total()), ("Bees beat their wings.", "b", 30));
    assert_eq!((reply.seams.len(), reply.seams[0].after_bytes, reply.fallbacks), (1, 10, 1));
    assert_eq!(llm.targets()[0].failed, 2);
}

#[test]
fn nobody_goes_on_unless_asked_to_and_able_to() {
    let clock = ManualClock::new();
    let (a, b) = (breaking(&clock, &["Bees "]), going_on(&clock, &["buzz"]));
    let cannot = Player::new("c", &clock, [Act::says(&["x"])]);
    let none = Target::new(going_on(&clock, &["x"])).continues(false);
    for llm in [
        Router::builder().target(a.clone()).target(b.clone()),
        builder(&clock).target(a.clone()).target(cannot.clone()).target(none),
    ] {
        let error = streamed(&clock, &llm.build().unwrap(), Call::new("x")).unwrap_err();
        assert_eq!((error.kind(), error.partial_text()), (ErrorKind::Overloaded, Some("Bees ")));
        assert_eq!(error.fallbacks(), 0);
    }
    // Who cannot is passed over for one who can.
    let llm = builder(&clock).target(a).target(cannot.clone()).target(b).build().unwrap();
    assert_eq!(streamed(&clock, &llm, Call::new("x")).unwrap().text(), "Bees buzz");
    assert_eq!(cannot.asked(), 0);
}

#[test]
fn only_text_is_gone_on_with() {
    let clock = ManualClock::new();
    let text = || Event::Text(String::from("Bees "));
    let broken =
        |events: Vec<Event>| Act::gives(events, Err(steadfast_providers::Error::new(ErrorKind::Server, "a", "x")));
    let tool = vec![text(), Event::tool_call(0, "1", "f"), Event::tool_arguments(0, "{")];
    let thought = vec![Event::Reasoning(String::from("hm")), text()];
    let refusal = vec![text(), Event::Refusal(String::from("no"))];
    for events in [tool, thought, refusal] {
        let a = Player::new("a", &clock, [broken(events)]);
        let llm = builder(&clock).target(a).target(going_on(&clock, &["x"])).build().unwrap();
        let error = streamed(&clock, &llm, Call::new("x")).unwrap_err();
        assert_eq!((error.kind(), error.fallbacks()), (ErrorKind::Server, 0));
    }
    let a = Player::new("a", &clock, [broken(vec![text()])]);
    let llm = builder(&clock).target(a).target(going_on(&clock, &["buzz"])).build().unwrap();
    let error = streamed(&clock, &llm, Call::new("x").format(OutputFormat::Json)).unwrap_err();
    assert_eq!((error.kind(), error.partial_text()), (ErrorKind::Server, Some("Bees ")));
    assert!(streamed(&clock, &llm, Call::new("x")).is_ok());
}

#[test]
fn what_would_not_move_on_is_not_gone_on_with() {
    for kind in [ErrorKind::ContentRefused, ErrorKind::InvalidRequest, ErrorKind::Deadline] {
        let clock = ManualClock::new();
        let a = Player::new("a", &clock, [Act::breaks(&["Bees "], kind)]);
        let llm = builder(&clock).target(a).target(going_on(&clock, &["buzz"])).build().unwrap();
        assert_eq!(streamed(&clock, &llm, Call::new("x")).unwrap_err().kind(), kind);
    }
}

#[test]
fn who_goes_on_may_fail_too() {
    let clock = ManualClock::new();
    let a = breaking(&clock, &["One "]);
    let silent = Player::new("b", &clock, [Act::fails(ErrorKind::Server)]).continuing();
    let b = Player::new("c", &clock, [Act::breaks(&[" two ", "three"], ErrorKind::Server)]).continuing();
    let c = Player::new("d", &clock, [Act::says(&[" four"])]).continuing();
    let llm = || builder(&clock).target(a.clone()).target(silent.clone()).target(b.clone());
    let reply = streamed(&clock, &llm().target(c.clone()).build().unwrap(), Call::new("x")).unwrap();
    assert_eq!((&*reply.text(), reply.fallbacks), ("One two three four", 3));
    let seams: Vec<_> =
        reply.seams.iter().map(|seam| format!("{} {} {}", seam.from, seam.to, seam.after_bytes)).collect();
    assert_eq!(seams, ["a c 4", "c d 13"], "who wrote nothing has no seam");
    assert_eq!(c.calls()[0].messages()[1].text(), "One two three");
    let error = streamed(&clock, &llm().build().unwrap(), Call::new("x")).unwrap_err();
    assert_eq!((error.provider(), error.partial_text(), error.fallbacks()), ("player", Some("One two three"), 2));
}

#[test]
fn an_answer_that_was_begun_by_the_caller_is_gone_on_with_as_a_whole() {
    let clock = ManualClock::new();
    let (a, b) = (breaking(&clock, &["because "]), going_on(&clock, &["of wings"]));
    let llm = builder(&clock).target(a).target(b.clone()).build().unwrap();
    let call = Call::new("Why?").message(Message::assistant("It is "));
    assert_eq!(streamed(&clock, &llm, call).unwrap().text(), "because of wings");
    assert_eq!(b.calls()[0].messages().last().unwrap().text(), "It is because");
}

#[tokio::test]
async fn an_answer_with_a_seam_is_not_kept() {
    let clock = ManualClock::new();
    let (a, b, map) = (breaking(&clock, &["Bees "]), going_on(&clock, &["buzz"]), Map::default());
    a.key("1");
    b.key("2");
    let llm = builder(&clock).target(a).target(b).build().unwrap();
    let llm = Cached::builder(llm, map.shared()).rule(Rule::everything()).build();
    let reply = ask(&llm, Mode::Stream, Call::new("x")).await.unwrap();
    assert_eq!((reply.seams.len(), map.len()), (1, 0));
}

/// What the second provider is sent, on real sockets.
#[tokio::test]
async fn the_second_provider_is_sent_what_the_first_one_wrote() {
    let rig = rig();
    let broken = Script::new().always(Answer::sse(Vendor::OpenAi.unfinished(&["Bees ", "beat "])));
    let broken = Server::start(broken).await.unwrap();
    let well = Script::new().always(Answer::sse(Vendor::Anthropic.events(&["their wings."])));
    let well = Server::start(well).await.unwrap();
    let second = Target::new(Vendor::Anthropic.client(&rig.pool, well.url())).continues(true);
    let llm =
        builder(&rig.clock).target(Vendor::OpenAi.client(&rig.pool, broken.url())).target(second).build().unwrap();
    let reply = ask(&llm, Mode::Stream, Call::new("Why?")).await.unwrap();
    assert_eq!(
        (&*reply.text(), &reply.finish, reply.provider.as_str()),
        ("Bees beat their wings.", &Finish::Stop, "anthropic")
    );
    assert_eq!((reply.seams[0].why, reply.seams[0].from.as_str()), (ErrorKind::Truncated, "openai"));
    assert_eq!(reply.usage, Usage::new(7, 3, 0, 2, 0));
    let sent = well.seen()[0].json().unwrap();
    let last = sent["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["role"], "assistant");
    assert!(last["content"].to_string().contains("\"Bees beat\""), "{last}");
    let attempts: Vec<_> = reply.attempts.iter().map(|attempt| attempt.http.error.is_some()).collect();
    assert_eq!(attempts, [true, false]);
}
