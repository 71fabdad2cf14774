//! The rules of event streams (WHATWG HTML, section 9.2), kept by every API at every chunk boundary.

use super::*;

/// A text with characters of two, three and four bytes, and one that is a new line to everybody but event streams.
const SAID: &str = "ä–🐝\u{2028}.";

/// Short streams that say [`SAID`], and call a tool: name and data of each event, the last of which finishes.
fn streams() -> Vec<(Vendor, Vec<(&'static str, String)>)> {
    let data = |text: &str| text.replace("SAID", SAID);
    let all = |events: &[(&'static str, &str)]| events.iter().map(|(name, text)| (*name, data(text))).collect();
    let chat = [
        ("", r#"{"id":"1","choices":[{"delta":{"content":"SAID"}}]}"#),
        (
            "",
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        ),
        ("", r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#),
    ];
    let messages = [
        ("message_start", r#"{"type":"message_start","message":{"id":"1","usage":{"input_tokens":1}}}"#),
        (
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        ),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"SAID"}}"#,
        ),
        ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        ("message_stop", r#"{"type":"message_stop","x":1}"#),
    ];
    let responses = [
        ("response.created", r#"{"type":"response.created","sequence_number":0,"response":{"id":"1","output":[]}}"#),
        (
            "response.output_text.delta",
            r#"{"type":"response.output_text.delta","sequence_number":1,"output_index":0,"delta":"SAID"}"#,
        ),
        (
            "response.completed",
            r#"{"type":"response.completed","sequence_number":2,"response":{"id":"1","status":"completed"}}"#,
        ),
    ];
    vec![
        (Vendor::openai(), all(&chat)),
        (Vendor::openai_responses(), all(&responses)),
        (Vendor::anthropic(), all(&messages)),
    ]
}

/// A stream, written down in one of the ways that the rules allow.
struct Framing {
    name: &'static str,
    line_ends: &'static [&'static str],
    colon: &'static str,
    before: &'static str,
    between: &'static str,
    extra: &'static str,
    splits_data: bool,
}

const PLAIN: Framing = Framing {
    name: "as everybody writes it",
    line_ends: &["\n"],
    colon: ": ",
    before: "",
    between: "",
    extra: "",
    splits_data: false,
};

const FRAMINGS: [Framing; 9] = [
    PLAIN,
    Framing { name: "CRLF", line_ends: &["\r\n"], ..PLAIN },
    Framing { name: "CR", line_ends: &["\r"], ..PLAIN },
    // A CR before an LF would be one end with it.
    Framing { name: "every line another end", line_ends: &["\n", "\r", "\r\n"], ..PLAIN },
    Framing { name: "no space", colon: ":", ..PLAIN },
    Framing { name: "a byte order mark", before: "\u{feff}", ..PLAIN },
    Framing { name: "comments", before: ": hello\n\n", between: ": keep-alive\n\n:\n", ..PLAIN },
    Framing { name: "other fields", extra: "id: 7\nretry: 10\nfoo\nbar: x\n", ..PLAIN },
    Framing { name: "data of several lines", splits_data: true, ..PLAIN },
];

impl Framing {
    /// The stream, and how long the line end is that completes its last event.
    fn write(&self, events: &[(&str, String)]) -> (String, usize) {
        let mut lines = Vec::new();
        for (name, data) in events {
            lines.extend(self.between.lines().map(str::to_owned));
            if !name.is_empty() {
                lines.push(format!("event{}{name}", self.colon));
            }
            lines.extend(self.extra.lines().map(str::to_owned));
            let data = if self.splits_data { data.replacen(",\"", ",\n\"", 1) } else { data.clone() };
            lines.extend(data.split('\n').map(|line| format!("data{}{line}", self.colon)));
            lines.push(String::new());
        }
        let mut wire = String::from(self.before);
        let mut last = 0;
        for (line, end) in lines.iter().zip(self.line_ends.iter().cycle()) {
            wire.push_str(line);
            wire.push_str(end);
            last = end.len();
        }
        (wire, last)
    }
}

#[test]
fn every_framing_reads_the_same_wherever_it_is_cut() {
    for (vendor, events) in streams() {
        let (plain, _) = PLAIN.write(&events);
        let expected = read(&vendor, [plain.as_bytes()]);
        assert_eq!((text(&expected.0).as_str(), &expected.1), (SAID, &None), "{}", vendor.name);
        for framing in &FRAMINGS {
            let (wire, _) = framing.write(&events);
            let wire = wire.as_bytes();
            for cut in 0..=wire.len() {
                let (left, right) = wire.split_at(cut);
                let place = format!("{}, {}, cut at {cut}", vendor.name, framing.name);
                assert_eq!(read(&vendor, [left, right]), expected, "{place}");
            }
            assert_eq!(read(&vendor, wire.chunks(1)), expected, "{}, {}", vendor.name, framing.name);
        }
    }
}

#[test]
fn an_event_without_its_empty_line_is_none() {
    for (vendor, events) in streams() {
        for framing in &FRAMINGS {
            let (wire, last) = framing.write(&events);
            let cut = &wire.as_bytes()[..wire.len() - last];
            assert_eq!(read(&vendor, [cut]).1, Some(Fault::Truncated), "{}, {}", vendor.name, framing.name);
        }
    }
}

#[test]
fn what_follows_the_finish_is_of_no_interest() {
    for (vendor, events) in streams() {
        let (wire, _) = PLAIN.write(&events);
        let expected = read(&vendor, [wire.as_bytes()]);
        for rest in ["event: ping\ndata: {}\n\n", "data: [DONE]\n\n", ": bye\n\n", "data: {\"x", "event: later"] {
            assert_eq!(read(&vendor, [format!("{wire}{rest}").as_bytes()]), expected, "{}: {rest}", vendor.name);
        }
    }
}
