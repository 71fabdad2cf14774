//! Taking the body of a request apart, whole or chunked, as it comes.

use bytes::BytesMut;

use super::head::Framing;

/// Where the reading of a body stands. No input or output: it is shown the bytes that have come.
#[derive(Debug)]
pub(super) struct BodyReader(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bytes left of a body of known length.
    Length(u64),
    ChunkSize,
    /// Bytes left of the chunk.
    Chunk(u64),
    ChunkEnd,
    /// Bytes of trailers so far.
    Trailers(usize),
    Done,
}

/// What the front of the buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// So many bytes of body. The caller takes them off.
    Data(usize),
    /// Nothing whole yet.
    More,
    /// The body is over; what is in the buffer belongs to the next request.
    Done,
}

/// What came is not a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The longest line between chunks, and all trailers together, in bytes.
const LONGEST: usize = 16 * 1024;

impl BodyReader {
    pub(super) fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
        })
    }

    pub(super) fn next(&mut self, buffer: &mut BytesMut, most: usize) -> Result<Piece, Malformed> {
        loop {
            match self.0 {
                State::Done | State::Length(0) => return Ok(Piece::Done),
                State::Length(left) | State::Chunk(left) if left > 0 => {
                    let here = buffer.len().min(most);
                    if here == 0 {
                        return Ok(Piece::More);
                    }
                    let (taken, rest) = take(left, here);
                    self.0 = match self.0 {
                        State::Chunk(_) => State::Chunk(rest),
                        _ => State::Length(rest),
                    };
                    return Ok(Piece::Data(taken));
                }
                State::Length(_) | State::Chunk(_) => self.0 = State::ChunkEnd,
                State::ChunkSize => {
                    let Some(line) = take_line(buffer)? else { return Ok(Piece::More) };
                    let size = chunk_size(&line)?;
                    self.0 = if size == 0 { State::Trailers(0) } else { State::Chunk(size) };
                }
                State::ChunkEnd => {
                    let Some(line) = take_line(buffer)? else { return Ok(Piece::More) };
                    if !line.is_empty() {
                        return Err(Malformed);
                    }
                    self.0 = State::ChunkSize;
                }
                State::Trailers(so_far) => {
                    let Some(line) = take_line(buffer)? else { return Ok(Piece::More) };
                    let so_far = so_far + line.len();
                    if so_far > LONGEST {
                        return Err(Malformed);
                    }
                    self.0 = if line.is_empty() { State::Done } else { State::Trailers(so_far) };
                }
            }
        }
    }
}

/// How many of `here` bytes belong to a run with `left` bytes to go, and how many it has to go then.
fn take(left: u64, here: usize) -> (usize, u64) {
    let taken = usize::try_from(left).map_or(here, |left| left.min(here));
    (taken, left - taken as u64)
}

/// Takes a line and its CRLF off the front, if one is there whole.
fn take_line(buffer: &mut BytesMut) -> Result<Option<BytesMut>, Malformed> {
    let Some(end) = buffer.iter().take(LONGEST).position(|byte| *byte == b'\n') else {
        return if buffer.len() >= LONGEST { Err(Malformed) } else { Ok(None) };
    };
    if end == 0 || buffer[end - 1] != b'\r' {
        return Err(Malformed);
    }
    let mut line = buffer.split_to(end + 1);
    line.truncate(end - 1);
    Ok(Some(line))
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Malformed);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed)?;
    u64::from_str_radix(digits, 16).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Shows `wire` to a reader, split before each of `cuts`.
    fn read(framing: Framing, wire: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, Vec<u8>, bool), Malformed> {
        let (mut reader, mut buffer, mut body) = (BodyReader::new(framing), BytesMut::new(), Vec::new());
        let mut from = 0;
        for to in cuts.iter().map(|cut| cut % (wire.len() + 1)).chain([wire.len()]) {
            buffer.extend_from_slice(&wire[from.min(to)..to]);
            from = from.max(to);
            loop {
                match reader.next(&mut buffer, usize::MAX)? {
                    Piece::Data(n) => body.extend_from_slice(&buffer.split_to(n)),
                    Piece::More => break,
                    Piece::Done if from == wire.len() => return Ok((body, buffer.to_vec(), true)),
                    Piece::Done => break,
                }
            }
        }
        Ok((body, buffer.to_vec(), false))
    }

    proptest! {
        /// A chunked body comes out whole, whatever its chunks and wherever the network splits them, and what follows
        /// it is left alone.
        #[test]
        fn chunked_comes_out_whole(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
                                   mut cuts in prop::collection::vec(0usize..400, 0..8)) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:X};ext=1\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\nTrailer: x\r\n\r\nGET /next");
            cuts.iter_mut().for_each(|cut| *cut %= wire.len() + 1);
            cuts.sort_unstable();
            prop_assert_eq!(read(Framing::Chunked, &wire, &cuts), Ok((chunks.concat(), b"GET /next".to_vec(), true)));
        }

        /// No input panics, and none yields more than it holds.
        #[test]
        fn noise_is_refused_or_read(wire in prop::collection::vec(any::<u8>(), 0..200), length in 0u64..300) {
            for framing in [Framing::Chunked, Framing::Length(length)] {
                if let Ok((body, _, _)) = read(framing, &wire, &[]) {
                    prop_assert!(body.len() <= wire.len());
                }
            }
        }
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for wire in ["\r\n", "x\r\n", "-1\r\n", "+1\r\n", "11111111111111111\r\n", "5\n", "2\r\nabc\r\n"] {
            assert_eq!(read(Framing::Chunked, wire.as_bytes(), &[]), Err(Malformed), "{wire:?}");
        }
    }
}
