//! One reading of an artifact, from its first byte to its last, as the body of a request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::Artifact;
use super::source::Source;
use crate::push::Meter;

type Read = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

pub(super) struct Reader {
    artifact: Artifact,
    chunk: usize,
    at: u64,
    reading: Option<Read>,
    meter: Arc<Meter>,
}

impl Reader {
    pub(super) fn new(artifact: Artifact, chunk: usize, meter: Arc<Meter>) -> Self {
        Self { artifact, chunk: chunk.max(1), at: 0, reading: None, meter }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        match &self.artifact.inner.source {
            Source::Memory(bytes) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                let end = at.saturating_add(self.chunk).min(bytes.len());
                Poll::Ready(Ok(bytes.slice(at..end)))
            }
            Source::File(opened) => {
                let (at, chunk) = (self.at, self.chunk);
                let reading = self.reading.get_or_insert_with(|| Box::pin(Arc::clone(opened).read_later(at, chunk)));
                let read = ready!(reading.as_mut().poll(cx));
                self.reading = None;
                Poll::Ready(read)
            }
        }
    }
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
        let sent = bytes.len() as u64;
        this.at += sent;
        this.meter.sent(sent);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.artifact.len()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.artifact.len() - self.at)
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Every reader, of memory or of a file, gets exactly the artifact's bytes, in chunks of at most the size that
        /// was asked for, whatever other readers do at the same time.
        #[test]
        fn readers_do_not_share_a_cursor(
            bytes in proptest::collection::vec(any::<u8>(), 0..5000),
            chunks in proptest::collection::vec(1usize..2000, 1..4),
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
