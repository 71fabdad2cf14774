//! Where the bytes of an artifact come from: memory, or a file read at positions.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// How many reads of one file go on at the same time; more of them would only occupy threads.
const READS_AT_ONCE: usize = 16;
/// How much is read at a time when the digest is computed.
const HASHED_AT_ONCE: usize = 256 * 1024;

pub(super) enum Source {
    Memory(Bytes),
    File(Arc<Opened>),
}

/// A file, and what it was when it was opened.
pub(super) struct Opened {
    file: Positioned,
    stamp: Stamp,
    reads: Semaphore,
    changed: OnceLock<String>,
}

/// What shows that a file was written to.
#[derive(PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    status_changed: (i64, i64),
}

/// Opens a file and computes its length and digest.
pub(super) fn open(path: &Path) -> io::Result<(Source, u64, [u8; 32])> {
    of_file(File::open(path)?)
}

/// The same of a file that is open.
pub(super) fn of_file(file: File) -> io::Result<(Source, u64, [u8; 32])> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let opened = Opened {
        file: Positioned::new(file),
        stamp: Stamp::of(&metadata),
        reads: Semaphore::new(READS_AT_ONCE),
        changed: OnceLock::new(),
    };
    let len = opened.stamp.len;
    let mut hash = Sha256::new();
    let (mut at, mut buffer) = (0, BytesMut::new());
    while at < len {
        let piece = opened.read(at, HASHED_AT_ONCE, buffer)?;
        hash.update(&piece);
        at += piece.len() as u64;
        buffer = piece.try_into_mut().unwrap_or_default();
    }
    Ok((Source::File(Arc::new(opened)), len, hash.finalize().into()))
}

impl Source {
    pub(super) fn memory(bytes: Bytes) -> Self {
        Self::Memory(bytes)
    }

    pub(super) fn changed(&self) -> Option<String> {
        match self {
            Self::Memory(_) => None,
            Self::File(opened) => opened.changed.get().cloned(),
        }
    }
}

impl Opened {
    /// Reads at most `chunk` bytes at `at`, on a thread for blocking work, into `buffer`, whatever it holds.
    pub(super) async fn read_later(self: Arc<Self>, at: u64, chunk: usize, buffer: BytesMut) -> io::Result<Bytes> {
        // Never closed, so there is always a permit to come.
        let _permit = self.reads.acquire().await.map_err(io::Error::other)?;
        let opened = Arc::clone(&self);
        tokio::task::spawn_blocking(move || opened.read(at, chunk, buffer)).await.map_err(io::Error::other)?
    }

    /// What was seen of a change, as an error.
    pub(super) fn check(&self) -> io::Result<()> {
        self.changed.get().map_or(Ok(()), |what| Err(io::Error::other(what.clone())))
    }

    /// Reads at most `chunk` bytes at `at`, fewer only at the end, and makes sure that the file is still the same.
    pub(super) fn read(&self, at: u64, chunk: usize, buffer: BytesMut) -> io::Result<Bytes> {
        let result = self.read_unchanged(at, chunk, buffer);
        if let Err(error) = &result {
            let _ = self.changed.set(error.to_string());
        }
        result
    }

    fn read_unchanged(&self, at: u64, chunk: usize, mut piece: BytesMut) -> io::Result<Bytes> {
        let left = usize::try_from(self.stamp.len.saturating_sub(at)).unwrap_or(usize::MAX);
        // A buffer that was used before is not cleared again.
        piece.resize(chunk.min(left), 0);
        let mut filled = 0;
        while filled < piece.len() {
            match self.file.read_at(&mut piece[filled..], at + filled as u64) {
                Ok(0) => return Err(changed("it is shorter than it was")),
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // After the bytes, so that what was read is from before any change that this does not see.
        if Stamp::of(&self.file.metadata()?) != self.stamp {
            return Err(changed("it was written to"));
        }
        Ok(piece.freeze())
    }
}

fn changed(what: &str) -> io::Error {
    io::Error::other(format!("the file changed since it was opened: {what}"))
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            status_changed: {
                use std::os::unix::fs::MetadataExt;
                (metadata.ctime(), metadata.ctime_nsec())
            },
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(_) => f.write_str("Memory"),
            Self::File(opened) if opened.changed.get().is_some() => f.write_str("File (changed)"),
            Self::File(_) => f.write_str("File"),
        }
    }
}

/// A file that is read at positions, without a cursor that readers would share.
#[cfg(any(unix, windows))]
struct Positioned(File);

#[cfg(any(unix, windows))]
impl Positioned {
    fn new(file: File) -> Self {
        Self(file)
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buffer, at)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.0, buffer, at)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }
}

/// Where files have only a cursor, it is moved and read under a lock.
#[cfg(not(any(unix, windows)))]
struct Positioned(std::sync::Mutex<File>);

#[cfg(not(any(unix, windows)))]
impl Positioned {
    fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read(buffer)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).metadata()
    }
}
