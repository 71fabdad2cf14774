//! A part of an artifact: some of its bytes as the body of a request, and their digest.

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use http_body::Body as _;
use sha2::{Digest, Sha256};

use super::Artifact;
use super::body::Reader;
use crate::push::PushContext;

impl Artifact {
    /// As [`body`](Self::body), of these bytes alone. What lies beyond the artifact's end is left out.
    #[must_use]
    pub fn part(&self, context: &PushContext, bytes: Range<u64>) -> steadfast_pool::Body {
        let artifact = self.clone();
        let chunk = context.chunk_size;
        let meter = context.meter();
        steadfast_pool::Body::replayable(move || {
            Box::pin(Reader::new(artifact.clone(), chunk, Arc::clone(&meter)).between(&bytes))
        })
    }

    /// The SHA-256 of these bytes.
    pub(crate) async fn digest_of(&self, bytes: Range<u64>, chunk: usize) -> io::Result<[u8; 32]> {
        if bytes == (0..self.len()) {
            return Ok(*self.digest());
        }
        let mut reader = Reader::new(self.clone(), chunk, Arc::default()).between(&bytes);
        let mut hash = Sha256::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut reader).poll_frame(cx)).await {
            if let Ok(data) = frame?.into_data() {
                hash.update(&data);
            }
        }
        Ok(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::push::Meter;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A part has exactly the bytes that were asked for, of memory or of a file, and its digest is theirs; what the
        /// artifact does not have is left out.
        #[test]
        fn a_part_has_the_bytes_that_were_asked_for(
            bytes in proptest::collection::vec(any::<u8>(), 0..3000),
            (start, end, chunk) in (0u64..3500, 0u64..3500, 1usize..900),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut file = tempfile::NamedTempFile::new().unwrap();
                file.write_all(&bytes).unwrap();
                let opened = Artifact::open(file.path()).await.unwrap();
                let cut = |at: u64| usize::try_from(at).unwrap().min(bytes.len());
                let expected = &bytes[cut(start)..cut(end).max(cut(start))];
                for artifact in [opened, Artifact::from_bytes(bytes.clone())] {
                    let meter = Arc::<Meter>::default();
                    let mut reader = Reader::new(artifact.clone(), chunk, meter).between(&(start..end));
                    assert_eq!(reader.size_hint().exact(), Some(expected.len() as u64));
                    let mut read = Vec::new();
                    while let Some(frame) = poll_fn(|cx| Pin::new(&mut reader).poll_frame(cx)).await {
                        read.extend_from_slice(&frame.unwrap().into_data().unwrap());
                    }
                    assert_eq!(read, expected);
                    let digest: [u8; 32] = Sha256::digest(expected).into();
                    assert_eq!(artifact.digest_of(start..end, chunk).await.unwrap(), digest);
                }
            });
        }
    }
}
