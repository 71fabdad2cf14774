//! Answers that are no answers, or beyond what a client should take.

use bytes::Bytes;

use super::{Reply, bomb};

impl Reply {
    /// Bytes that are not HTTP, and the end of the connection.
    #[must_use]
    pub fn garbage() -> Self {
        Self::raw(&b"\x00\xff\x16\x03\x01 SSH-2.0-not-http \x80\r\n\r\n"[..])
    }

    /// A chunked answer whose second chunk has a size that is none, and the end of the connection.
    #[must_use]
    pub fn bad_chunk() -> Self {
        let wire = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\nxyz\r\nbad\r\n0\r\n\r\n";
        Self::raw(wire)
    }

    /// A chunked answer whose chunk is not followed by the end of its line, and the end of the connection.
    #[must_use]
    pub fn overlong_chunk() -> Self {
        Self::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood and more\r\n0\r\n\r\n")
    }

    /// Adds `n` header fields, `x-field-0` and so on.
    #[must_use]
    pub fn many_headers(self, n: usize) -> Self {
        (0..n).fold(self, |reply, i| reply.header(format!("x-field-{i}"), "x"))
    }

    /// Adds a header field `x-long` whose value has so many bytes.
    #[must_use]
    pub fn long_header(self, bytes: usize) -> Self {
        self.header("x-long", "x".repeat(bytes))
    }

    /// Announces a body of `n` bytes, whatever its length. A longer body is sent all the same; after a shorter one the
    /// connection is closed.
    #[must_use]
    pub fn announcing(self, n: u64) -> Self {
        self.header("content-length", n.to_string())
    }

    /// `200 OK` with a small gzip body, about a thousandth in size, that becomes at least so many zeros when it is
    /// decompressed. It takes no more memory than its compressed self.
    ///
    /// ```
    /// use steadfast_testkit::{Reply, Script};
    ///
    /// // A hundred gibibytes.
    /// let script = Script::new().always(Reply::gzip_bomb(100 << 30));
    /// # let _ = script;
    /// ```
    #[must_use]
    pub fn gzip_bomb(bytes: u64) -> Self {
        let pieces: Vec<Bytes> = bomb::gzip(bytes);
        Self::status(200).header("content-type", "text/plain").header("content-encoding", "gzip").chunks(pieces)
    }
}
