//! What is delivered: immutable bytes that every device reads on its own.

mod body;
mod part;
mod signature;
mod source;
#[cfg(feature = "zstd")]
mod zstd;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind};
use crate::push::PushContext;
use source::Source;

pub use signature::{DetachedSignature, SignatureKey, SignaturePolicy, Signed};

const SMALLEST_CHUNK: usize = 64 * 1024;
const LARGEST_CHUNK: usize = 256 * 1024;

/// The size of the chunks in which `concurrency` devices at once are fed from `memory_budget` bytes: an equal share
/// each, at least 64 KiB and at most 256 KiB.
#[must_use]
pub fn chunk_size(memory_budget: usize, concurrency: usize) -> usize {
    (memory_budget / concurrency.max(1)).clamp(SMALLEST_CHUNK, LARGEST_CHUNK)
}

/// An immutable payload. Clones are cheap and share it.
///
/// Every reader has a cursor of its own: any number of devices are fed from one artifact at the same time, and a retry
/// begins at its first byte. A file is read in chunks as it is sent and never held whole. Its SHA-256 is computed once,
/// when it is opened; a file that changes afterwards is noticed at the next chunk and no push of it succeeds any more.
#[derive(Clone)]
pub struct Artifact {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    path: Option<PathBuf>,
    len: u64,
    digest: [u8; 32],
    header: HeaderValue,
    /// Whose signatures of it were verified.
    signers: Mutex<Vec<SignatureKey>>,
    /// Compressed, once somebody wanted it so.
    #[cfg(feature = "zstd")]
    zstd: tokio::sync::OnceCell<Option<Artifact>>,
}

impl Inner {
    fn signers(&self) -> MutexGuard<'_, Vec<SignatureKey>> {
        self.signers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signed_by(&self, key: &SignatureKey) {
        let mut signers = self.signers();
        if !signers.contains(key) {
            signers.push(key.clone());
        }
    }
}

impl Artifact {
    /// An artifact of bytes in memory. Computes their digest before it returns.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Sha256::digest(&bytes).into();
        Self::new(bytes.len() as u64, digest, Source::memory(bytes), None)
    }

    /// Opens a file and reads it once, for its digest. An empty file is an artifact of 0 bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Artifact`] when the file cannot be read, is not a regular file, or changes while it is read.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, there is no artifact; the reading of the file goes on in the background to its end.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let shown = path.display().to_string();
        let failed = |what: &str| Error::new(ErrorKind::Artifact, format!("cannot read artifact {shown}: {what}"));
        // Found again from wherever a later process is started.
        let found = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let opened = tokio::task::spawn_blocking(move || source::open(&path)).await;
        match opened {
            Ok(Ok((source, len, digest))) => Ok(Self::new(len, digest, source, Some(found))),
            Ok(Err(error)) => Err(failed(&error.to_string()).caused_by(error)),
            Err(error) => Err(failed("the reader stopped").caused_by(error)),
        }
    }

    fn new(len: u64, digest: [u8; 32], source: Source, path: Option<PathBuf>) -> Self {
        // Base64 between colons is always a valid header value; an empty one never happens.
        let header = HeaderValue::from_str(&format!("sha-256=:{}:", STANDARD.encode(digest)));
        let header = header.unwrap_or_else(|_| HeaderValue::from_static(""));
        let inner = Inner {
            source,
            path,
            len,
            digest,
            header,
            signers: Mutex::default(),
            #[cfg(feature = "zstd")]
            zstd: tokio::sync::OnceCell::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The file that it was opened from, as an absolute path; `None` for bytes in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.inner.path.as_deref()
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.inner.len
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.len == 0
    }

    /// Its SHA-256.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.inner.digest
    }

    /// Its SHA-256 in lower-case hexadecimal digits.
    #[must_use]
    pub fn digest_hex(&self) -> String {
        hex(&self.inner.digest)
    }

    /// Its SHA-256 as the value of `Repr-Digest` and `Content-Digest` ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)):
    /// `sha-256=:<base64>:`.
    #[must_use]
    pub fn digest_header(&self) -> HeaderValue {
        self.inner.header.clone()
    }

    /// Whether it was seen to be no longer what it was: its file changed or cannot be read any more. Never taken back.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.inner.source.changed().is_some()
    }

    /// What is wrong with it, in one line.
    pub(crate) fn changed(&self) -> Option<String> {
        self.inner.source.changed()
    }

    /// A body for [`pool`](steadfast_pool) requests. Every attempt gets a reader of its own, from the first byte on, in
    /// chunks of `context.chunk_size`; what the connection takes is told to the context.
    #[must_use]
    pub fn body(&self, context: &PushContext) -> steadfast_pool::Body {
        let artifact = self.clone();
        let chunk = context.chunk_size;
        let meter = context.meter();
        steadfast_pool::Body::replayable(move || {
            Box::pin(body::Reader::new(artifact.clone(), chunk, Arc::clone(&meter)))
        })
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("len", &self.inner.len)
            .field("sha256", &self.digest_hex())
            .field("source", &self.inner.source)
            .finish()
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}
