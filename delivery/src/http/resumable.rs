//! Uploads that go on where they broke off: tus 1.0 and the resumable uploads of the IETF.

mod draft;
mod drive;
mod fields;
mod heard;
#[cfg(test)]
mod laws;
mod probe;
mod request;
mod token;
mod tus;
mod upload;

use std::fmt;

pub(super) use drive::push;

/// Whether an upload that breaks off goes on where it stood, and by which protocol.
///
/// Each needs a request more than a plain POST, to open the upload; in return a retry sends only what the device has not
/// got. The device's word for how much it has is never taken for success: as after a plain POST, its `Repr-Digest` and
/// the verification decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resumable {
    /// A plain POST: a retry begins at the first byte.
    #[default]
    Never,
    /// The device is asked, by an `OPTIONS` of the update path before each delivery: `Tus-Version` with the extension
    /// `creation` means [`Tus`](Self::Tus), `application/partial-upload` in `Accept-Patch`, or an `Upload-Limit`, means
    /// [`Draft`](Self::Draft), and anything else a plain POST.
    Probe,
    /// The [tus protocol](https://tus.io/protocols/resumable-upload) 1.0 with its extensions creation, checksum and
    /// expiration.
    Tus,
    /// [Resumable uploads for HTTP](https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/), as of
    /// version 12 of the draft (interop version 8): every upload is opened by a request without a body ("careful upload
    /// creation"), so that no interim answer is needed.
    Draft,
}

/// How an upload is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Protocol {
    Tus,
    Draft,
}

impl Protocol {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tus => "tus",
            Self::Draft => "draft",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
