//! The public keys of those who sign.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::wrong;
use crate::artifact::hex;
use crate::error::Error;

/// A public key whose owner may vouch for artifacts.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureKey(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Minisign(Box<MinisignKey>),
    Ed25519([u8; 32]),
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct MinisignKey {
    pub(super) id: [u8; 8],
    pub(super) raw: [u8; 32],
    pub(super) public: minisign_verify::PublicKey,
}

impl SignatureKey {
    /// A key of minisign: the text of a `minisign.pub` file, or only its second line, `RW…`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Signature`](crate::ErrorKind::Signature) when it is none.
    pub fn minisign(text: &str) -> Result<Self, Error> {
        let is_key = |line: &&str| !line.is_empty() && !line.starts_with("untrusted comment:");
        let line = text.lines().map(str::trim).find(is_key).unwrap_or_default();
        let none = || wrong("not a public key of minisign: give the text of a minisign.pub file, or its line `RW…`");
        // Two bytes of algorithm, eight of the key's id, and the key.
        let bytes: [u8; 42] = STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(none)?;
        let public = minisign_verify::PublicKey::from_base64(line).map_err(|error| none().caused_by(error))?;
        // None of the new comment, so that a key is the same however it was given.
        let (mut id, mut raw) = ([0; 8], [0; 32]);
        id.copy_from_slice(&bytes[2..10]);
        raw.copy_from_slice(&bytes[10..]);
        Ok(Self(Kind::Minisign(Box::new(MinisignKey { id, raw, public }))))
    }

    /// A bare Ed25519 key ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)).
    #[must_use]
    pub fn ed25519(key: [u8; 32]) -> Self {
        Self(Kind::Ed25519(key))
    }

    pub(super) fn as_minisign(&self) -> Option<&MinisignKey> {
        match &self.0 {
            Kind::Minisign(key) => Some(key),
            Kind::Ed25519(_) => None,
        }
    }

    pub(super) fn as_ed25519(&self) -> Option<&[u8; 32]> {
        match &self.0 {
            Kind::Ed25519(key) => Some(key),
            Kind::Minisign(_) => None,
        }
    }
}

/// A key's id as minisign prints it.
pub(super) fn id_text(mut id: [u8; 8]) -> String {
    id.reverse();
    hex(&id).to_uppercase()
}

/// `minisign E7620F1842B4E81F`, or `ed25519` and the key's first digits.
impl fmt::Display for SignatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Minisign(key) => write!(f, "minisign {}", id_text(key.id)),
            Kind::Ed25519(key) => write!(f, "ed25519 {}…", hex(&key[..8])),
        }
    }
}

impl fmt::Debug for SignatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureKey({self})")
    }
}
