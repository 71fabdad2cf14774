//! The laws of uploads: the machine against a device of memory that breaks off, forgets, refuses and lies.

use std::ops::Range;
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::Nanos;
use url::Url;

use super::Protocol;
use super::heard::{At, Created, Heard, Limits};
use super::upload::{Ask, Turn, Upload};

/// So many seconds after the beginning.
fn second(n: u64) -> Nanos {
    Nanos::ZERO.saturating_add(Duration::from_secs(n))
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// The connection ends after so many parts of ten of what was sent.
    Cut(u64),
    /// All is done, and the answer is lost.
    Lost,
    /// 5xx, and nothing is done.
    Busy,
    /// What the device had is gone.
    Forget,
    /// The device tells an offset that is off by this.
    Lie(i64),
    /// The device says nothing of its offset.
    Mute,
    /// What was sent fails its checksum.
    Damage,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::None),
        4 => (0u64..10).prop_map(Fault::Cut),
        2 => Just(Fault::Lost),
        2 => Just(Fault::Busy),
        1 => Just(Fault::Forget),
        1 => (-2000i64..2000).prop_map(Fault::Lie),
        1 => Just(Fault::Mute),
        1 => Just(Fault::Damage),
    ]
}

/// A device that keeps its word but for its faults.
#[derive(Default)]
struct Device {
    protocol: Option<Protocol>,
    len: u64,
    limits: Limits,
    /// The bytes of the artifact that the open upload has: always the first of them.
    has: Option<u64>,
    complete: bool,
    opened: u64,
    sent: u64,
    /// What was sent and is not there any more, or never was.
    lost: u64,
}

impl Device {
    fn ask(&mut self, ask: &Ask, fault: Fault) -> Heard {
        if let Fault::Forget = fault {
            self.lost += self.has.take().unwrap_or(0);
            self.complete = false;
        }
        let sent = if let Ask::Append { from, to, .. } = ask { to - from } else { 0 };
        self.sent += sent;
        if let Fault::Busy = fault {
            self.lost += sent;
            return Heard::Failed;
        }
        let heard = match ask {
            Ask::Create => self.create(),
            Ask::Offset { .. } => self.has.map_or(Heard::Gone, |has| self.at(has)),
            Ask::Append { from, to, last, .. } => self.append(*from..*to, *last, fault),
        };
        match (fault, heard) {
            (Fault::Cut(_) | Fault::Lost, _) => Heard::Failed,
            (Fault::Lie(off), Heard::At(mut at)) => {
                at.offset = at.offset.and_then(|offset| offset.checked_add_signed(off));
                Heard::At(at)
            }
            (Fault::Mute, Heard::At(_)) => Heard::Silent,
            (_, heard) => heard,
        }
    }

    fn create(&mut self) -> Heard {
        self.lost += self.has.replace(0).unwrap_or(0);
        self.complete = false;
        self.opened += 1;
        let url = format!("http://h/uploads/{}", self.opened).parse().ok();
        Heard::Created(Created { url, offset: None, limits: self.limits, expires_in: None })
    }

    fn append(&mut self, bytes: Range<u64>, last: bool, fault: Fault) -> Heard {
        let sent = bytes.end - bytes.start;
        let Some(has) = self.has else {
            self.lost += sent;
            return Heard::Gone;
        };
        if self.limits.most.is_some_and(|most| sent > most) {
            self.lost += sent;
            return Heard::TooLarge(self.limits);
        }
        if bytes.start != has || self.complete {
            self.lost += sent;
            return Heard::Mismatch;
        }
        let kept = match fault {
            Fault::Cut(tenths) => sent * tenths / 10,
            Fault::Damage => 0,
            _ => sent,
        };
        self.lost += sent - kept;
        self.has = Some(has + kept);
        if let Fault::Damage = fault {
            return Heard::Damaged;
        }
        if kept == sent && !matches!(fault, Fault::Cut(_)) {
            self.complete = last;
        }
        self.at(has + kept)
    }

    fn at(&self, has: u64) -> Heard {
        let draft = self.protocol == Some(Protocol::Draft);
        let complete = draft.then_some(self.complete);
        Heard::At(At { offset: Some(has), complete, length: Some(self.len), expires_in: None })
    }

    fn has_all(&self) -> bool {
        self.has == Some(self.len) && (self.complete || self.protocol == Some(Protocol::Tus))
    }
}

/// Runs an upload against a device whose faults are these, then none. How it ended, and with how many requests.
fn run(device: &mut Device, piece: Option<u64>, kept: Option<Url>, faults: &[Fault]) -> (Option<Turn>, usize) {
    let protocol = device.protocol.unwrap_or(Protocol::Tus);
    let mut upload = Upload::new(protocol, device.len, Limits::default(), kept).pieces_of(piece);
    let mut faults = faults.iter().copied();
    let mut requests = 0;
    for attempt in 0..200 {
        upload.begin(second(attempt));
        let mut within = 0;
        loop {
            (requests, within) = (requests + 1, within + 1);
            assert!(within <= 3 * (device.len + 8), "an attempt has an end");
            let ask = upload.next();
            let before = device.lost;
            let heard = device.ask(&ask, faults.next().unwrap_or(Fault::None));
            if let (Ask::Append { from, to, last, .. }, Heard::At(_)) = (&ask, &heard) {
                assert!(from <= to && *to <= device.len && *last == (*to == device.len));
                assert_eq!(device.lost, before, "what is well received is lost by nobody");
            }
            match upload.told(&ask, heard, second(attempt)) {
                Turn::Go | Turn::Slip(_) => {}
                Turn::Again(_) => break,
                end => return (Some(end), requests),
            }
        }
    }
    (None, requests)
}

fn protocols() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::Tus), Just(Protocol::Draft)]
}

proptest! {
    /// Whatever the sequence of cuts, lost answers, refusals, lapses of memory and lies about offsets: once the device
    /// behaves, the upload ends, and a device that only ever told the truth then has exactly the artifact's bytes, each
    /// sent once plus what was lost.
    #[test]
    fn an_upload_ends_with_all_bytes_there(
        protocol in protocols(),
        len in 0u64..3000,
        most in proptest::option::of(1u64..1000),
        piece in proptest::option::of(1u64..1000),
        faults in proptest::collection::vec(fault(), 0..40),
    ) {
        let limits = Limits { most, ..Limits::default() };
        let mut device = Device { protocol: Some(protocol), len, limits, ..Device::default() };
        let (end, _) = run(&mut device, piece, None, &faults);
        prop_assert_eq!(end, Some(Turn::Done));
        if !faults.iter().any(|fault| matches!(fault, Fault::Lie(_))) {
            prop_assert!(device.has_all(), "has {:?} of {}", device.has, len);
            prop_assert_eq!(device.sent, len + device.lost);
        }
    }

    /// An upload that another process has left goes on where it stood: what the device has is not sent again.
    #[test]
    fn what_is_there_is_not_sent_again(protocol in protocols(), len in 1u64..3000, has in 0u64..3000) {
        let has = has.min(len);
        let mut device = Device { protocol: Some(protocol), len, has: Some(has), ..Device::default() };
        let (end, _) = run(&mut device, None, "http://h/uploads/1".parse().ok(), &[]);
        prop_assert_eq!((end, device.opened, device.sent), (Some(Turn::Done), 0, len - has));
        prop_assert!(device.has_all());
    }

    /// Whatever a device answers to whatever it is asked, the machine never panics, never asks for bytes that the
    /// artifact does not have, and an attempt has an end.
    #[test]
    fn no_answer_confuses_the_machine(
        protocol in protocols(),
        len in 0u64..2000,
        answers in proptest::collection::vec((0u8..12, 0u64..3000, proptest::option::of(any::<bool>())), 1..60),
    ) {
        let mut upload = Upload::new(protocol, len, Limits::default(), None);
        let mut answers = answers.iter().copied().cycle();
        upload.begin(Nanos::ZERO);
        for within in 0.. {
            prop_assert!(within < 3 * (len + 8), "an attempt has an end");
            let ask = upload.next();
            if let Ask::Append { from, to, last, .. } = &ask {
                prop_assert!(from <= to && *to <= len && *last == (*to == len));
            }
            let (kind, number, complete) = answers.next().unwrap();
            let limits = Limits { most: Some(number).filter(|_| kind == 11), ..Limits::default() };
            let heard = match kind {
                0..=3 => Heard::At(At { offset: Some(number), complete, ..At::default() }),
                4 => Heard::At(At { complete, ..At::default() }),
                5 => Heard::Silent,
                6 => Heard::Mismatch,
                7 => Heard::Gone,
                8 => Heard::Damaged,
                9 => Heard::TooLarge(limits),
                _ => {
                    let url = "http://h/u".parse().ok().filter(|_| number % 7 > 0);
                    Heard::Created(Created { url, offset: Some(number % (len + 2)), limits, expires_in: None })
                }
            };
            if !matches!(upload.told(&ask, heard, Nanos::ZERO), Turn::Go | Turn::Slip(_)) {
                break;
            }
        }
    }
}

#[test]
fn an_upload_that_has_expired_is_not_asked_for() {
    let mut upload = Upload::new(Protocol::Tus, 10, Limits::default(), None);
    upload.begin(Nanos::ZERO);
    let url: Url = "http://h/1".parse().unwrap();
    let expires_in = Some(Duration::from_secs(60));
    let created = Created { url: Some(url.clone()), offset: None, limits: Limits::default(), expires_in };
    upload.told(&Ask::Create, Heard::Created(created), Nanos::ZERO);
    let ask = upload.next();
    assert_eq!(ask, Ask::Append { url: url.clone(), from: 0, to: 10, last: true });
    upload.told(&ask, Heard::Failed, Nanos::ZERO);
    upload.begin(second(59));
    assert_eq!(upload.next(), Ask::Offset { url });
    upload.begin(second(60));
    assert_eq!(upload.next(), Ask::Create);
}

#[test]
fn limits_that_cannot_be_kept_are_said_at_once() {
    fn check(limits: Limits, expected: Option<&str>) {
        let mut upload = Upload::new(Protocol::Draft, 100_000, Limits::default(), None);
        upload.begin(Nanos::ZERO);
        let created = Created { url: "http://h/1".parse().ok(), offset: None, limits, expires_in: None };
        let turn = upload.told(&Ask::Create, Heard::Created(created), Nanos::ZERO);
        let expected = expected.map_or(Turn::Go, |what| Turn::Over(Some(what.to_owned())));
        assert_eq!(turn, expected, "{limits:?}");
    }
    let none = Limits::default();
    check(none, None);
    check(Limits { largest: Some(100_000), smallest: Some(100_000), ..none }, None);
    check(Limits { largest: Some(99_999), ..none }, Some("it takes at most 99999 bytes"));
    check(Limits { smallest: Some(100_001), ..none }, Some("it takes no less than 100001 bytes"));
    check(Limits { most: Some(10), ..none }, None);
    check(Limits { most: Some(9), ..none }, Some("it takes no more than 9 bytes at a time"));
    check(Limits { most: Some(0), ..none }, Some("it takes no more than 0 bytes at a time"));
    let both = Limits { most: Some(1000), least: Some(2000), ..none };
    check(both, Some("it takes no less than 2000 and no more than 1000 bytes at a time"));
}
