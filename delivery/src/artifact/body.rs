//! One reading of an artifact, from its first byte to its last, as the body of a request.

use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::Artifact;
use super::source::{Opened, Source};
use crate::push::Meter;

type Read = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

/// Chunks from this size on are read in two halves: while one is on its way out, the next is read.
const HALVED: usize = 128 * 1024;

pub(super) struct Reader {
    artifact: Artifact,
    /// How much is read at a time.
    piece: usize,
    /// Whether the next piece is read while the one before is on its way.
    ahead: bool,
    at: u64,
    end: u64,
    reading: Option<Read>,
    /// The piece that was handed out last: once the connection has let go of it, the one after the next is read into it.
    spent: Bytes,
    meter: Arc<Meter>,
}

impl Reader {
    pub(super) fn new(artifact: Artifact, chunk: usize, meter: Arc<Meter>) -> Self {
        let ahead = chunk >= HALVED;
        let piece = if ahead { chunk / 2 } else { chunk.max(1) };
        let end = artifact.len();
        Self { artifact, piece, ahead, at: 0, end, reading: None, spent: Bytes::new(), meter }
    }

    /// Reads these bytes alone, as far as there are any.
    pub(super) fn between(mut self, bytes: &Range<u64>) -> Self {
        self.end = bytes.end.min(self.end);
        self.at = bytes.start.min(self.end);
        self
    }

    /// `bytes`, or as many as there are still to read.
    fn at_most(&self, bytes: usize) -> usize {
        usize::try_from(self.end - self.at).map_or(bytes, |left| left.min(bytes))
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        match &self.artifact.inner.source {
            Source::Memory(bytes) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                let chunk = if self.ahead { self.piece * 2 } else { self.piece };
                let end = at.saturating_add(self.at_most(chunk)).min(bytes.len());
                self.at = end as u64;
                Poll::Ready(Ok(bytes.slice(at..end)))
            }
            Source::File(opened) => {
                let opened = Arc::clone(opened);
                let piece = self.at_most(self.piece);
                let reading = self.reading.get_or_insert_with(|| read(&opened, self.at, piece, &mut self.spent));
                let bytes = ready!(reading.as_mut().poll(cx))?;
                self.reading = None;
                // Another reader may have seen what this one came too early for.
                opened.check()?;
                self.at += bytes.len() as u64;
                if self.ahead && self.at < self.end {
                    let mut next = read(&opened, self.at, self.at_most(self.piece), &mut self.spent);
                    // Begins to read. Should it be done already, it is asked again all the same.
                    match next.as_mut().poll(cx) {
                        Poll::Pending => self.reading = Some(next),
                        Poll::Ready(done) => self.reading = Some(Box::pin(std::future::ready(done))),
                    }
                }
                self.spent = bytes.clone();
                Poll::Ready(Ok(bytes))
            }
        }
    }
}

/// Begins to read a piece, into a buffer that is not needed any more if there is one.
fn read(opened: &Arc<Opened>, at: u64, piece: usize, spent: &mut Bytes) -> Read {
    let buffer = std::mem::take(spent).try_into_mut().unwrap_or_default();
    Box::pin(Arc::clone(opened).read_later(at, piece, buffer))
}

impl http_body::Body for Reader {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if this.is_end_stream() {
            return Poll::Ready(None);
        }
        let bytes = ready!(this.poll_chunk(cx))?;
        this.meter.sent(bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;

    use http_body::Body as _;
    use proptest::prelude::*;

    use super::*;

    async fn read(artifact: &Artifact, chunk: usize, meter: &Arc<Meter>) -> Vec<u8> {
        let mut reader = Reader::new(artifact.clone(), chunk, Arc::clone(meter));
        let mut whole = Vec::new();
        loop {
            assert_eq!(reader.size_hint().exact(), Some(artifact.len() - whole.len() as u64));
            let Some(frame) = poll_fn(|cx| Pin::new(&mut reader).poll_frame(cx)).await else { break };
            let bytes = frame.unwrap().into_data().unwrap();
            assert!(!bytes.is_empty() && bytes.len() <= chunk);
            whole.extend_from_slice(&bytes);
        }
        assert!(reader.is_end_stream());
        whole
    }

    /// Bytes whose every part is different.
    fn varied(seed: u8, len: usize) -> Vec<u8> {
        (0_u32..).take(len).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Every reader, of memory or of a file, gets exactly the artifact's bytes, in chunks of at most the size that
        /// was asked for, whatever other readers do at the same time.
        #[test]
        fn readers_do_not_share_a_cursor(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..5000),
                (any::<u8>(), 0usize..700_000).prop_map(|(seed, len)| varied(seed, len)),
            ],
            chunks in prop_oneof![
                proptest::collection::vec(500usize..2000, 1..4),
                proptest::collection::vec(HALVED..3 * HALVED, 1..4),
            ],
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut file = tempfile::NamedTempFile::new().unwrap();
                file.write_all(&bytes).unwrap();
                let opened = Artifact::open(file.path()).await.unwrap();
                for artifact in [opened, Artifact::from_bytes(bytes.clone())] {
                    let meter = Arc::<Meter>::default();
                    let readers = chunks.iter().map(|chunk| read(&artifact, *chunk, &meter));
                    for whole in futures_util::future::join_all(readers).await {
                        assert_eq!(whole, bytes);
                    }
                    assert!(!artifact.is_changed());
                }
            });
        }
    }
}
