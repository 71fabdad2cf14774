//! What may befall a request.

use crate::Protocol;

/// What may befall a request or a connection of a [`ChaosServer`](crate::ChaosServer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChaosFault {
    /// The connection is reset as soon as it is accepted.
    Refuse,
    /// The connection is reset once the head of the request is read, the body unread.
    ResetUnread,
    /// The connection is reset after the request, before any byte of an answer.
    ResetBeforeHead,
    /// The connection is reset within the body of the answer.
    ResetInBody,
    /// The connection is closed within the body of the answer.
    Truncate,
    /// No answer, but an open connection (an open stream over HTTP/2).
    Stall,
    /// The answer falls silent within its body.
    StallInBody,
    /// `429`, with `retry-after: 0`, with a `retry-after-ms` of 1 to 4, or with neither.
    TooMany,
    /// `500`, `502`, `503` or `504`, with or without a wait as for `429`.
    Unavailable,
    /// `503` for sixteen requests in a row; its weight counts such rows.
    Burst,
    /// A good answer whose head comes a byte at a time, one each millisecond.
    SlowHead,
    /// Bytes that are not HTTP.
    Garbage,
    /// A good answer, after which the connection is closed without having said so.
    HangUp,
    /// HTTP/2: the stream is refused (`REFUSED_STREAM`), its body unread.
    RefuseStream,
    /// HTTP/2: the stream is reset (`INTERNAL_ERROR`) after the request, before any byte of an answer.
    ResetStream,
    /// HTTP/2: the stream is reset (`CANCEL`) within the body of the answer.
    ResetStreamInBody,
    /// HTTP/2: the stream is refused, and a `GOAWAY` ends the connection for new ones.
    GoAway,
    /// HTTP/2: the connection goes silent as a whole, PINGs included.
    Freeze,
}

/// What has happened to a request that met a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    TurnedAway,
    Broken,
    Unread,
    Refused,
}

impl ChaosFault {
    /// Every fault, in the order of this type.
    pub const ALL: [Self; 18] = [
        Self::Refuse,
        Self::ResetUnread,
        Self::ResetBeforeHead,
        Self::ResetInBody,
        Self::Truncate,
        Self::Stall,
        Self::StallInBody,
        Self::TooMany,
        Self::Unavailable,
        Self::Burst,
        Self::SlowHead,
        Self::Garbage,
        Self::HangUp,
        Self::RefuseStream,
        Self::ResetStream,
        Self::ResetStreamInBody,
        Self::GoAway,
        Self::Freeze,
    ];

    /// Whether it befalls single requests over this protocol.
    pub(super) fn fits(self, protocol: Protocol) -> bool {
        match self {
            Self::Refuse | Self::Burst => false,
            Self::RefuseStream | Self::ResetStream | Self::ResetStreamInBody | Self::GoAway | Self::Freeze => {
                protocol == Protocol::Http2
            }
            _ => true,
        }
    }

    pub(super) fn fate(self) -> Fate {
        match self {
            Self::SlowHead | Self::HangUp => Fate::Answered,
            Self::TooMany | Self::Unavailable | Self::Burst => Fate::TurnedAway,
            Self::Refuse | Self::ResetUnread => Fate::Unread,
            Self::RefuseStream | Self::GoAway => Fate::Refused,
            _ => Fate::Broken,
        }
    }
}
