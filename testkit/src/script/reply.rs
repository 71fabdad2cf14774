//! What a server does with one request.

use std::time::Duration;

use bytes::Bytes;

use super::SseEvent;

/// What a server does with one request: an answer, and how it goes wrong on the way.
///
/// The request body is read to its end first, unless [`early`](Self::early) says otherwise. Header names and values are
/// written as given, whatever they contain: a test may want them wrong.
///
/// ```
/// use std::time::Duration;
/// use steadfast_testkit::Reply;
///
/// let late = Reply::status(503).header("retry-after", "1").delay(Duration::from_millis(20));
/// let cut = Reply::status(200).body("0123456789").truncate_after(4);
/// assert_ne!(late, cut);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub(crate) kind: Kind,
    /// `None` asks the simulator for its own answer.
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
    pub(crate) delay: Duration,
    pub(crate) chunk_delay: Option<Duration>,
    pub(crate) cut: Option<Cut>,
    pub(crate) slow_read: Option<u64>,
    pub(crate) take_only: Option<u64>,
    pub(crate) early: bool,
    pub(crate) stay: bool,
    pub(crate) no_continue: bool,
    pub(crate) drip: Option<Duration>,
    pub(crate) hang_up: bool,
}

impl Reply {
    /// An answer with this status and no body. A simulated provider adds its vendor's error body to a status of 400 and
    /// above that was given none.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::bare(Kind::Answer) }
    }

    /// An answer with a JSON body.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers write json!(…) in place")]
    pub fn json(status: u16, value: serde_json::Value) -> Self {
        Self::status(status).header("content-type", "application/json").body(value.to_string())
    }

    /// A `200 OK` stream of server-sent events, each a chunk of its own.
    ///
    /// ```
    /// use steadfast_testkit::Reply;
    ///
    /// let unnamed = Reply::sse(["{}", "[DONE]"]);
    /// let named = Reply::sse([("ping", r#"{"type":"ping"}"#)]);
    /// assert_ne!(unnamed, named);
    /// ```
    #[must_use]
    pub fn sse<I>(events: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<SseEvent>,
    {
        let chunks = events.into_iter().map(|event| event.into().encode()).collect();
        Self::status(200).header("content-type", "text/event-stream").chunks(chunks)
    }

    /// The simulator's own answer, to which delays and cuts can be added; `200 OK` without a body where there is no
    /// simulator.
    #[must_use]
    pub fn pass() -> Self {
        Self::bare(Kind::Answer)
    }

    /// Closes the connection (FIN) before any byte of an answer.
    #[must_use]
    pub fn close() -> Self {
        Self::bare(Kind::Close)
    }

    /// Resets the connection (RST) before any byte of an answer.
    #[must_use]
    pub fn reset() -> Self {
        Self::bare(Kind::Reset)
    }

    /// Never answers: holds the connection until the client goes or the server stops.
    #[must_use]
    pub fn never() -> Self {
        Self::bare(Kind::Never)
    }

    /// Sends these bytes in place of an answer, whatever they are, and closes the connection. [`drip`](Self::drip) and
    /// the cuts apply to them. Over HTTP/2 they go out between two frames, where they break the connection.
    #[must_use]
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self { body: Some(Body::Whole(bytes.into())), ..Self::bare(Kind::Raw) }
    }

    /// Refuses the request's HTTP/2 stream: `RST_STREAM` with `REFUSED_STREAM`, which says that the request was not
    /// processed. Over HTTP/1.1, which has no streams, resets the connection.
    #[must_use]
    pub fn refuse_stream() -> Self {
        Self::bare(Kind::ResetStream(7)).early()
    }

    /// Ends the request's HTTP/2 stream before any byte of an answer: `RST_STREAM` with an error code of RFC 9113,
    /// section 7, such as 2 (`INTERNAL_ERROR`) or 8 (`CANCEL`). Over HTTP/1.1, resets the connection.
    #[must_use]
    pub fn reset_stream(code: u32) -> Self {
        Self::bare(Kind::ResetStream(code))
    }

    /// Refuses the request's HTTP/2 stream and tells the client to leave the connection: a `GOAWAY` that names the last
    /// stream that was begun. Streams begun before are answered, later ones ignored. Over HTTP/1.1, closes the connection
    /// before any byte.
    #[must_use]
    pub fn go_away() -> Self {
        Self::bare(Kind::GoAway).early()
    }

    /// Freezes the whole HTTP/2 connection: from now on nothing is read from it, nothing is written to it, and no PING
    /// is answered, but it stays open until the client goes. Over HTTP/1.1, the same as [`never`](Self::never).
    #[must_use]
    pub fn freeze() -> Self {
        Self::bare(Kind::Freeze)
    }

    /// Adds a header field. `content-length`, `transfer-encoding` and `connection` replace what the server would write.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body, sent whole with its `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(Body::Whole(body.into()));
        self
    }

    /// The body in pieces, sent with `Transfer-Encoding: chunked`, or raw where a `content-length` header was added. An
    /// empty piece sends nothing, but has its delay.
    #[must_use]
    pub fn chunks(mut self, chunks: Vec<Bytes>) -> Self {
        self.body = Some(Body::Chunks(chunks));
        self
    }

    /// A body without an end: this piece again and again, until the client goes. Sent with
    /// `Transfer-Encoding: chunked`, or raw where a `content-length` header was added. An empty piece is no body.
    #[must_use]
    pub fn endless(mut self, piece: impl Into<Bytes>) -> Self {
        let piece = piece.into();
        self.body = (!piece.is_empty()).then_some(Body::Endless(piece));
        self
    }

    /// Waits this long after the request before anything is sent.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits this long between one chunk and the next.
    #[must_use]
    pub fn chunk_delay(mut self, delay: Duration) -> Self {
        self.chunk_delay = Some(delay);
        self
    }

    /// Announces the whole body, sends `n` bytes of it, or all if it is shorter, and closes the connection (FIN). The
    /// last chunk of a chunked body, which marks its end, is never sent.
    #[must_use]
    pub fn truncate_after(self, n: u64) -> Self {
        self.cut(n, Ending::Fin)
    }

    /// As [`truncate_after`](Self::truncate_after), but resets the connection (RST).
    #[must_use]
    pub fn reset_after(self, n: u64) -> Self {
        self.cut(n, Ending::Rst)
    }

    /// As [`truncate_after`](Self::truncate_after), but goes silent and holds the connection until the client goes or
    /// the server stops.
    #[must_use]
    pub fn stall_after(self, n: u64) -> Self {
        self.cut(n, Ending::Stall)
    }

    /// As [`truncate_after`](Self::truncate_after), but ends the HTTP/2 stream by `RST_STREAM` with an error code of
    /// RFC 9113, section 7. Over HTTP/1.1, resets the connection.
    #[must_use]
    pub fn reset_stream_after(self, n: u64, code: u32) -> Self {
        self.cut(n, Ending::Stream(code))
    }

    /// Sends the head one byte at a time, with this wait before each. Over HTTP/2, whose heads are single frames, waits
    /// once before the head.
    #[must_use]
    pub fn drip(mut self, gap: Duration) -> Self {
        self.drip = Some(gap);
        self
    }

    /// Closes the connection after the answer without having said so: the next request on it finds it closed. Over
    /// HTTP/2, closes the connection and with it every other stream.
    #[must_use]
    pub fn hang_up(mut self) -> Self {
        self.hang_up = true;
        self
    }

    /// Reads the request body at this rate, at least 1 byte a second. What the operating system buffers is beyond the
    /// server's reach: the client is slowed once it has sent some 100 KiB more than was read.
    #[must_use]
    pub fn slow_read(mut self, bytes_per_sec: u64) -> Self {
        self.slow_read = Some(bytes_per_sec.max(1));
        self
    }

    /// Reads so many bytes of the request body and breaks the connection off, with a reset if the client has sent more.
    /// A body that is not longer is answered as it would be. Over HTTP/2, of no effect.
    #[must_use]
    pub fn take_only(mut self, bytes: u64) -> Self {
        self.take_only = Some(bytes);
        self
    }

    /// Answers before reading the request body, reads what the client still sends to nowhere, and closes. Of no effect
    /// on [`pass`](Self::pass): a simulator answers what it has read.
    #[must_use]
    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    /// With [`early`](Self::early), keeps the connection: reads the rest of the body to nowhere and takes the next request
    /// after it. With [`hang_up`](Self::hang_up) instead, an early answer is followed by a reset of the connection.
    #[must_use]
    pub fn stay(mut self) -> Self {
        self.stay = true;
        self
    }

    /// Gives no leave to a client that waits for it before it sends the body (`Expect: 100-continue`): `100 Continue` is
    /// never sent, and the body is read whenever it comes.
    #[must_use]
    pub fn no_continue(mut self) -> Self {
        self.no_continue = true;
        self
    }

    /// This reply as an addition to the simulator's own: what is set here wins.
    pub(crate) fn over(mut self, own: Self) -> Self {
        if self.kind != Kind::Answer || self.status.is_some() {
            return self;
        }
        let mut headers = own.headers;
        headers.retain(|(name, _)| !self.headers.iter().any(|(new, _)| new.eq_ignore_ascii_case(name)));
        headers.append(&mut self.headers);
        Self {
            kind: own.kind,
            status: own.status,
            headers,
            body: own.body,
            delay: self.delay.saturating_add(own.delay),
            chunk_delay: self.chunk_delay.or(own.chunk_delay),
            cut: self.cut.or(own.cut),
            slow_read: self.slow_read,
            take_only: self.take_only,
            early: false,
            stay: false,
            no_continue: self.no_continue,
            drip: self.drip.or(own.drip),
            hang_up: self.hang_up || own.hang_up,
        }
    }

    /// Whether the answer goes out before the request body is read.
    pub(crate) fn is_early(&self) -> bool {
        self.early && (self.kind != Kind::Answer || self.status.is_some())
    }

    /// Whether the reply leaves the answer to the simulator.
    pub(crate) fn is_pass(&self) -> bool {
        self.kind == Kind::Answer && self.status.is_none()
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.header_value(name).is_some()
    }

    pub(crate) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The pieces of the body, and whether they come again and again.
    pub(crate) fn pieces(&self) -> (&[Bytes], bool) {
        match &self.body {
            None => (&[], false),
            Some(Body::Whole(body)) => (std::slice::from_ref(body), false),
            Some(Body::Chunks(chunks)) => (chunks, false),
            Some(Body::Endless(piece)) => (std::slice::from_ref(piece), true),
        }
    }

    /// Whether the body is one piece, or none.
    #[cfg(feature = "http2")]
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.body, None | Some(Body::Whole(_)))
    }

    /// The length of the body, unless it has no end.
    pub(crate) fn body_len(&self) -> Option<u64> {
        let (pieces, endless) = self.pieces();
        (!endless).then(|| pieces.iter().map(|piece| piece.len() as u64).sum())
    }

    fn cut(mut self, after: u64, ending: Ending) -> Self {
        self.cut = Some(Cut { after, ending });
        self
    }

    fn bare(kind: Kind) -> Self {
        Self {
            kind,
            status: None,
            headers: Vec::new(),
            body: None,
            delay: Duration::ZERO,
            chunk_delay: None,
            cut: None,
            slow_read: None,
            take_only: None,
            early: false,
            stay: false,
            no_continue: false,
            drip: None,
            hang_up: false,
        }
    }
}

/// Whether there is an answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Answer,
    Close,
    Reset,
    Never,
    /// The body is all there is.
    Raw,
    /// With this error code.
    ResetStream(u32),
    GoAway,
    Freeze,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Whole(Bytes),
    Chunks(Vec<Bytes>),
    Endless(Bytes),
}

/// After how many body bytes the answer breaks off, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) after: u64,
    pub(crate) ending: Ending,
}

/// How an answer breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Fin,
    Rst,
    Stall,
    /// Of the HTTP/2 stream, with this error code.
    Stream(u32),
}
