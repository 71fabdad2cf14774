//! A file as a body: opened once, read at positions, so that every attempt begins at its beginning.

use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::task::JoinHandle;

use super::Body;
use crate::error::{Error, ErrorKind};

/// What is read at once.
const CHUNK: u64 = 64 * 1024;

impl Body {
    /// The file at `path`, as long as it is now: it is read while it is sent, 64 KiB at a time, and can be sent again. A
    /// file that is shorter by then fails the attempt.
    ///
    /// It is opened and read on the threads for blocking work of the tokio runtime that the future and the attempts run in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RequestBody`] when it cannot be opened, or is no file.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if !metadata.is_file() {
                return Err(io::Error::other("not a file"));
            }
            Ok((Positioned::new(file), metadata.len()))
        });
        let (file, len) = match opened.await.map_err(io::Error::other) {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) | Err(error) => {
                return Err(Error::new(ErrorKind::RequestBody, "the body's file cannot be opened").caused_by(error));
            }
        };
        let file = Arc::new(file);
        Ok(Self::replayable(move || Box::pin(Reading { file: Arc::clone(&file), at: 0, len, chunk: None })))
    }
}

/// A file on its way out.
struct Reading {
    file: Arc<Positioned>,
    at: u64,
    len: u64,
    chunk: Option<JoinHandle<io::Result<Bytes>>>,
}

impl http_body::Body for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let (at, left) = (this.at, this.len - this.at);
        if left == 0 {
            return Poll::Ready(None);
        }
        let chunk = this.chunk.get_or_insert_with(|| {
            let file = Arc::clone(&this.file);
            tokio::task::spawn_blocking(move || file.read(at, left.min(CHUNK)))
        });
        let bytes = ready!(Pin::new(chunk).poll(cx)).map_err(io::Error::other);
        this.chunk = None;
        Poll::Ready(Some(bytes.and_then(|bytes| bytes).map(|bytes| {
            this.at += bytes.len() as u64;
            Frame::data(bytes)
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.at == self.len
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len - self.at)
    }
}

/// A file that is read at positions. Where files have only a cursor, it is moved and read under the lock.
struct Positioned(#[cfg(any(unix, windows))] File, #[cfg(not(any(unix, windows)))] std::sync::Mutex<File>);

impl Positioned {
    fn new(file: File) -> Self {
        #[cfg(any(unix, windows))]
        return Self(file);
        #[cfg(not(any(unix, windows)))]
        Self(std::sync::Mutex::new(file))
    }

    /// All `count` bytes at `at`.
    fn read(&self, at: u64, count: u64) -> io::Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.read_at(&mut bytes[filled..], at + filled as u64) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than it was")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes.into())
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buffer, at)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.0, buffer, at)
    }

    #[cfg(not(any(unix, windows)))]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read(buffer)
    }
}
