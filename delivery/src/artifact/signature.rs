//! Detached signatures: who vouches for an artifact, checked before a rollout of it may start.

mod detached;
mod key;

use std::fmt;

use bytes::{Bytes, BytesMut};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::Artifact;
use super::source::Source;
use crate::error::{Error, ErrorKind};
use detached::{Form, Minisigned};

pub use detached::DetachedSignature;
pub use key::SignatureKey;

/// The largest artifact whose signature is over all of its bytes at once: they have to be in memory for it.
const LARGEST_WHOLE: u64 = 64 * 1024 * 1024;
/// How much is read at a time.
const READ_AT_ONCE: usize = 256 * 1024;

/// By whom an artifact has to be signed: by any one of these keys.
///
/// ```
/// use steadfast_delivery::{Artifact, DetachedSignature, Plan, SignatureKey, SignaturePolicy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SignatureKey::minisign("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3")?;
/// let policy = SignaturePolicy::require([key]);
/// let signature = DetachedSignature::minisign(
///     "untrusted comment: signature from minisign secret key\n\
///      RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
///      trusted comment: timestamp:1556193335\tfile:test\n\
///      y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==",
/// )?;
///
/// let artifact = Artifact::from_bytes("test");
/// let plan = || Plan::builder(artifact.clone()).require_signature(policy.clone());
/// assert!(plan().build().is_err());
/// let signed = artifact.verify_signature(&policy, &signature).await?;
/// assert_eq!(signed.comment.as_deref(), Some("timestamp:1556193335\tfile:test"));
/// assert!(plan().build().is_ok());
///
/// let tampered = Artifact::from_bytes("Test").verify_signature(&policy, &signature).await;
/// assert_eq!(tampered.unwrap_err().to_string(), "the artifact is not the one that was signed");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SignaturePolicy {
    keys: Vec<SignatureKey>,
}

/// Who signed an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// By which key.
    pub by: SignatureKey,
    /// What the signer said of it, signed as well: the trusted comment of minisign.
    pub comment: Option<String>,
}

impl Signed {
    /// Signed by a key, without a comment.
    #[must_use]
    pub fn new(by: SignatureKey) -> Self {
        Self { by, comment: None }
    }
}

impl SignaturePolicy {
    /// Requires a signature by one of `keys`. Without any, nothing is trusted.
    pub fn require(keys: impl IntoIterator<Item = SignatureKey>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    /// The keys, any of which will do.
    #[must_use]
    pub fn keys(&self) -> &[SignatureKey] {
        &self.keys
    }

    /// Checks that a signature of the artifact was verified before.
    pub(crate) fn check(&self, artifact: &Artifact) -> Result<(), Error> {
        if artifact.inner.signers().iter().any(|signer| self.keys.contains(signer)) {
            return Ok(());
        }
        let one_of = if self.keys.len() == 1 { "" } else { "one of " };
        Err(wrong(format!("a signature by {one_of}{} is required, and none was verified", self.names())))
    }

    fn names(&self) -> String {
        match self.keys.is_empty() {
            true => String::from("a trusted key, of which there is none,"),
            false => self.keys.iter().map(SignatureKey::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Artifact {
    /// Checks a detached signature of this artifact. A plan that [requires](crate::PlanBuilder::require_signature) one
    /// can be built afterwards.
    ///
    /// The artifact is read once more, in pieces; only for a signature over its bytes, instead of over a digest of them,
    /// it is in memory as a whole.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Signature`] when the signature is by none of the keys, or does not fit artifact or trusted comment,
    /// or is over the bytes of an artifact of more than 64 MiB; [`ErrorKind::Artifact`] when the file cannot be read or
    /// changed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancelled, nothing is verified; the reading goes on in the background to its end.
    pub async fn verify_signature(
        &self,
        policy: &SignaturePolicy,
        signature: &DetachedSignature,
    ) -> Result<Signed, Error> {
        let (artifact, policy, signature) = (self.clone(), policy.clone(), signature.clone());
        let verified = tokio::task::spawn_blocking(move || verify(&artifact, &policy, &signature)).await;
        let signed = verified.map_err(|error| wrong("the signature could not be checked").caused_by(error))??;
        self.inner.signed_by(&signed.by);
        Ok(signed)
    }

    /// Hands all bytes to `take`, in pieces.
    pub(super) fn read_all(&self, mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        match &self.inner.source {
            Source::Memory(bytes) => take(bytes),
            Source::File(opened) => {
                let (mut at, mut buffer) = (0, BytesMut::new());
                while at < self.len() {
                    let piece = opened.read(at, READ_AT_ONCE, buffer).map_err(|error| {
                        Error::new(ErrorKind::Artifact, format!("cannot read the artifact: {error}")).caused_by(error)
                    })?;
                    take(&piece);
                    at += piece.len() as u64;
                    buffer = piece.try_into_mut().unwrap_or_default();
                }
            }
        }
        Ok(())
    }

    /// All bytes at once, where they are few enough.
    fn whole(&self) -> Result<Bytes, Error> {
        if self.len() > LARGEST_WHOLE {
            let message = "the signature is over the bytes of the artifact, which has more than 64 MiB: sign its digest \
                           (minisign does unless told otherwise)";
            return Err(wrong(message));
        }
        if let Source::Memory(bytes) = &self.inner.source {
            return Ok(bytes.clone());
        }
        let mut whole = BytesMut::new();
        self.read_all(|piece| whole.extend_from_slice(piece))?;
        Ok(whole.freeze())
    }
}

fn verify(artifact: &Artifact, policy: &SignaturePolicy, signature: &DetachedSignature) -> Result<Signed, Error> {
    match signature.form() {
        Form::Minisign(signature) => by_minisign(artifact, policy, signature),
        Form::Ed25519(signature) => by_ed25519(policy, artifact.whole()?.as_ref(), signature),
        Form::Ed25519OfSha256(signature) => by_ed25519(policy, artifact.digest(), signature),
    }
}

/// As minisign writes them: <https://jedisct1.github.io/minisign/#signature-format>.
fn by_minisign(artifact: &Artifact, policy: &SignaturePolicy, signature: &Minisigned) -> Result<Signed, Error> {
    let mut found = policy.keys.iter().filter_map(|key| Some((key, key.as_minisign()?)));
    let Some((by, key)) = found.find(|(_, key)| key.id == signature.key_id) else {
        let id = key::id_text(signature.key_id);
        return Err(wrong(format!("the signature is by the key minisign {id}, not by {}", policy.names())));
    };
    // The comment first: whoever changed it, or the signature, need not have the artifact read.
    let vouched = UnparsedPublicKey::new(&ED25519, key.raw).verify(&signature.commented, &signature.global);
    vouched.map_err(|_| wrong("the signature or its trusted comment was changed, or is by another key of that id"))?;
    let fits = if signature.prehashed {
        let stream = key.public.verify_stream(&signature.signature);
        let mut stream = stream.map_err(|error| wrong("the signature cannot be checked").caused_by(error))?;
        artifact.read_all(|piece| stream.update(piece))?;
        stream.finalize()
    } else {
        key.public.verify(&artifact.whole()?, &signature.signature, true)
    };
    fits.map_err(|error| wrong("the artifact is not the one that was signed").caused_by(error))?;
    Ok(Signed { by: by.clone(), comment: Some(signature.signature.trusted_comment().to_owned()) })
}

/// Ed25519 (RFC 8032).
fn by_ed25519(policy: &SignaturePolicy, message: &[u8], signature: &[u8; 64]) -> Result<Signed, Error> {
    let by = policy.keys.iter().find(|key| {
        key.as_ed25519().is_some_and(|key| UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok())
    });
    match by {
        Some(by) => Ok(Signed::new(by.clone())),
        None => Err(wrong(format!(
            "the artifact is not the one that was signed, or the signature is not by {}",
            policy.names()
        ))),
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Signature, message)
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signed by {}", self.by)?;
        match &self.comment {
            Some(comment) => write!(f, " ({comment:?})"),
            None => Ok(()),
        }
    }
}
