//! Signatures beside the file that they are of.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::id_text;
use super::wrong;
use crate::error::Error;

/// A signature of an artifact, in a place of its own.
#[derive(Clone)]
pub struct DetachedSignature(Form);

#[derive(Clone)]
pub(super) enum Form {
    Minisign(Box<Minisigned>),
    Ed25519([u8; 64]),
    Ed25519OfSha256([u8; 64]),
}

#[derive(Clone)]
pub(super) struct Minisigned {
    pub(super) signature: minisign_verify::Signature,
    pub(super) key_id: [u8; 8],
    /// Of the BLAKE2b-512 of the file, not of the file itself.
    pub(super) prehashed: bool,
    /// The signature and the trusted comment, which `global` signs.
    pub(super) commented: Vec<u8>,
    pub(super) global: [u8; 64],
}

impl DetachedSignature {
    /// The text of a `.minisig` file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Signature`](crate::ErrorKind::Signature) when it is none.
    pub fn minisign(text: &str) -> Result<Self, Error> {
        Minisigned::parse(text).map(|signature| Self(Form::Minisign(Box::new(signature))))
    }

    /// An Ed25519 signature ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)) of the file: of one of at most 64 MiB.
    #[must_use]
    pub fn ed25519(signature: [u8; 64]) -> Self {
        Self(Form::Ed25519(signature))
    }

    /// An Ed25519 signature of the 32 bytes of the file's SHA-256.
    #[must_use]
    pub fn ed25519_of_sha256(signature: [u8; 64]) -> Self {
        Self(Form::Ed25519OfSha256(signature))
    }

    pub(super) fn form(&self) -> &Form {
        &self.0
    }
}

impl Minisigned {
    fn parse(text: &str) -> Result<Self, Error> {
        let none = || wrong("not a signature of minisign: give the text of a .minisig file");
        let signature = minisign_verify::Signature::decode(text).map_err(|error| none().caused_by(error))?;
        let mut encoded = text.lines().skip(1).step_by(2).map(|line| STANDARD.decode(line.trim()));
        // Two bytes of algorithm, eight of the key's id, and the signature; then the one that covers the comment, too.
        let first: [u8; 74] = encoded.next().and_then(|bytes| bytes.ok()?.try_into().ok()).ok_or_else(none)?;
        let global: [u8; 64] = encoded.next().and_then(|bytes| bytes.ok()?.try_into().ok()).ok_or_else(none)?;
        let mut key_id = [0; 8];
        key_id.copy_from_slice(&first[2..10]);
        let commented = [&first[10..], signature.trusted_comment().as_bytes()].concat();
        Ok(Self { signature, key_id, prehashed: &first[..2] == b"ED", commented, global })
    }
}

impl fmt::Debug for DetachedSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Minisign(signature) => write!(f, "DetachedSignature(minisign {})", id_text(signature.key_id)),
            Form::Ed25519(_) => f.write_str("DetachedSignature(ed25519)"),
            Form::Ed25519OfSha256(_) => f.write_str("DetachedSignature(ed25519 of the SHA-256)"),
        }
    }
}
