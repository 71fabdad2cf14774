//! An artifact, compressed: once, into a temporary file without a name.

use std::fs::File;
use std::io::{self, Seek, Write};

use super::{Artifact, source};

/// zstd's own default: most of what there is to gain, at some hundred MB/s.
const LEVEL: i32 = 3;

impl Artifact {
    /// The artifact as zstd compresses it, made when it is asked for first; `None` where that gains nothing or fails.
    ///
    /// # Cancel safety
    ///
    /// The next one who asks begins anew; the compression goes on in the background to its end.
    pub(crate) async fn zstd(&self) -> Option<Self> {
        self.inner.zstd.get_or_init(|| self.clone().compressed()).await.clone()
    }

    async fn compressed(self) -> Option<Self> {
        let digest = self.digest_hex();
        let made = tokio::task::spawn_blocking(move || self.compress()).await.map_err(io::Error::other);
        match made.and_then(|made| made) {
            Ok(compressed) => compressed,
            Err(error) => {
                tracing::warn!(sha256 = digest, %error, "the artifact cannot be compressed: it is sent as it is");
                None
            }
        }
    }

    fn compress(&self) -> io::Result<Option<Self>> {
        let mut encoder = zstd::stream::write::Encoder::new(tempfile::tempfile()?, LEVEL)?;
        encoder.set_pledged_src_size(Some(self.len()))?;
        let mut written = Ok(());
        let read = self.read_all(|piece| {
            if written.is_ok() {
                written = encoder.write_all(piece);
            }
        });
        read.map_err(io::Error::other)?;
        written?;
        let mut file: File = encoder.finish()?;
        file.rewind()?;
        if file.metadata()?.len() >= self.len() {
            return Ok(None);
        }
        let (source, len, digest) = source::of_file(file)?;
        Ok(Some(Self::new(len, digest, source, None)))
    }
}
