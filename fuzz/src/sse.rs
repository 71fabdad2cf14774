//! Event streams: any bytes, cut anywhere.

use std::time::Duration;

use steadfast_pool::{SseDecoder, SseError, SseEvent};

/// Reads a limit, a seed for the cuts, and the stream.
///
/// Whole, byte by byte or in pieces, the stream gives the same events, last id and wait, those of a plain reading of the
/// standard; no event is larger than the limit.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let [limit, seed, stream @ ..] = data else { return };
    // Every other input is read with a limit that it can reach.
    let limit = if limit % 2 == 0 { 1 << 20 } else { usize::from(*limit) };
    let whole = decoded(limit, [stream]);
    assert_eq!(whole, decoded(limit, stream.chunks(1)), "byte by byte");
    assert_eq!(whole, decoded(limit, Pieces { rest: stream, seed: u32::from(*seed) }), "in pieces");

    for event in &whole.events {
        assert!(raw_len(event) <= limit, "an event above the limit of {limit}: {} bytes", raw_len(event));
    }
    let events = whole.events.into_iter().map(|event| (event.event, event.data, event.id)).collect::<Vec<_>>();
    let plain = plainly(&String::from_utf8_lossy(stream));
    match whole.end {
        Ok(()) => assert_eq!((events, whole.last_id, whole.retry), plain),
        Err(error) => {
            assert_eq!(error, SseError::TooLarge { limit });
            assert!(plain.0.starts_with(&events), "events before the limit");
        }
    }
}

/// What a decoder has to tell.
#[derive(Debug, PartialEq)]
struct Decoded {
    events: Vec<SseEvent>,
    last_id: Option<String>,
    retry: Option<Duration>,
    end: Result<(), SseError>,
}

/// Name, data and id.
type Event = (String, String, Option<String>);

/// What a decoder makes of the stream in these pieces, up to the first error.
fn decoded<'s>(limit: usize, pieces: impl IntoIterator<Item = &'s [u8]>) -> Decoded {
    let mut decoder = SseDecoder::with_limit(limit);
    let end = pieces.into_iter().try_for_each(|piece| decoder.push(piece));
    let events = std::iter::from_fn(|| decoder.next()).collect();
    let (last_id, retry) = (decoder.last_event_id().map(str::to_owned), decoder.retry());
    Decoded { events, last_id, retry, end }
}

/// The bytes that an event took in at least: what was malformed took one or more for each replacement.
fn raw_len(event: &SseEvent) -> usize {
    let raw = |text: &str| text.len() - 2 * text.matches('\u{fffd}').count();
    let name = if event.event == "message" { 0 } else { raw(&event.event) };
    name + raw(&event.data) + event.id.as_deref().map_or(0, raw)
}

/// The standard, word for word, over a stream that is there whole: events, last id, wait.
fn plainly(stream: &str) -> (Vec<Event>, Option<String>, Option<Duration>) {
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream).replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut last_id, mut retry) = (Vec::new(), None, None);
    let (mut name, mut data, mut id) = (String::new(), None::<String>, None::<String>);
    let whole_lines = stream.rsplit_once('\n').map(|(lines, _cut_off)| lines.split('\n'));
    for line in whole_lines.into_iter().flatten() {
        if line.is_empty() {
            let (name, id) = (std::mem::take(&mut name), id.take());
            last_id = id.clone().or(last_id);
            if let Some(data) = data.take() {
                events.push((if name.is_empty() { "message".to_owned() } else { name }, data, id));
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "data" => {
                data = Some(match data.take() {
                    Some(before) => before + "\n" + value,
                    None => value.to_owned(),
                });
            }
            "id" if !value.contains('\0') => id = Some(value.to_owned()),
            "retry" if value.chars().all(|c| c.is_ascii_digit()) => {
                retry = value.parse().ok().map(Duration::from_millis).or(retry);
            }
            _ => {}
        }
    }
    (events, last_id.filter(|id| !id.is_empty()), retry)
}

/// A stream in pieces of 0 to 7 bytes, by a seed.
struct Pieces<'s> {
    rest: &'s [u8],
    seed: u32,
}

impl<'s> Iterator for Pieces<'s> {
    type Item = &'s [u8];

    fn next(&mut self) -> Option<&'s [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, rest) = self.rest.split_at((self.seed >> 29) as usize % (self.rest.len() + 1));
        self.rest = rest;
        Some(piece)
    }
}
