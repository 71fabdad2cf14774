//! How a server speaks HTTP/2.

/// How a server speaks HTTP/2: for [`ServerBuilder::http2`](crate::ServerBuilder::http2).
///
/// What befalls single requests is said by the [`Reply`](crate::Reply)s of the script.
///
/// ```
/// use steadfast_testkit::Http2;
///
/// let few = Http2::new().max_concurrent_streams(2);
/// let leaving = Http2::new().graceful_after(100);
/// let narrow = Http2::new().window(16);
/// # let _ = (few, leaving, narrow);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Http2 {
    pub(super) max_streams: u32,
    pub(super) window: Option<u32>,
    pub(super) leave: Option<(u64, Leave)>,
    pub(super) away_code: u32,
}

/// How a server leaves a connection after so many streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    Graceful,
    Abrupt,
    Frozen,
}

impl Http2 {
    /// 100 concurrent streams, windows as the protocol begins with them, connections without an end.
    pub fn new() -> Self {
        Self { max_streams: 100, window: None, leave: None, away_code: 0 }
    }

    /// How many streams a client may have open at the same time on a connection; it is told so
    /// (`SETTINGS_MAX_CONCURRENT_STREAMS`), and streams beyond are refused.
    pub fn max_concurrent_streams(mut self, n: u32) -> Self {
        self.max_streams = n;
        self
    }

    /// How many bytes of a body a client may send on a stream before the server has read them, at most 2³¹ − 1; without
    /// it, 65,535. Bodies stutter through a small window.
    pub fn window(mut self, bytes: u32) -> Self {
        self.window = Some(bytes.min(i32::MAX as u32));
        self
    }

    /// After `n` streams on a connection, says in two steps that it will close (RFC 9113, section 6.8): a `GOAWAY` that
    /// leaves room for what is on its way, then one with the last stream, and closes when all are answered.
    pub fn graceful_after(mut self, n: u64) -> Self {
        self.leave = Some((n, Leave::Graceful));
        self
    }

    /// After `n` streams on a connection, at least 1, says at once that it takes no more: a `GOAWAY` with the `n`th as
    /// the last stream, sent when one above comes. Those up to it are answered; those above are not processed, and not
    /// recorded. The connection stays open until the client closes it.
    pub fn go_away_after(mut self, n: u64) -> Self {
        self.leave = Some((n.max(1), Leave::Abrupt));
        self
    }

    /// The error code of a `GOAWAY` that is sent at once (RFC 9113, section 7), such as 11 (`ENHANCE_YOUR_CALM`); without
    /// it, 0 (`NO_ERROR`).
    pub fn go_away_code(mut self, code: u32) -> Self {
        self.away_code = code;
        self
    }

    /// Freezes a connection when it has carried `n` streams and one more comes: it stays open, but nothing is read or
    /// written any more, and no PING is answered.
    pub fn freeze_after(mut self, n: u64) -> Self {
        self.leave = Some((n, Leave::Frozen));
        self
    }
}

impl Default for Http2 {
    fn default() -> Self {
        Self::new()
    }
}
