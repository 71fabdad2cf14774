//! By whom an artifact has to be signed.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use steadfast_delivery::{Artifact, DetachedSignature, SignatureKey, SignaturePolicy};

use crate::exit::Failure;
use crate::say::Say;

#[derive(clap::Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "By whom it is signed")]
pub(crate) struct Trust {
    /// The artifact's detached signature: one of minisign, or the 64 bytes of one by Ed25519 [default: the artifact's
    /// name with `.minisig`, where a key is given].
    #[arg(long, value_name = "FILE")]
    #[serde(rename = "file")]
    signature: Option<PathBuf>,
    /// Only push what this key has signed: a key of minisign (RW…), the file that it is in, or `ed25519:` and 64
    /// hexadecimal digits. May be given several times, then any of them will do.
    #[arg(long = "public-key", value_name = "KEY")]
    #[serde(rename = "keys")]
    public_keys: Vec<String>,
    /// The signature by Ed25519 is of the artifact's SHA-256, not of all of its bytes.
    #[arg(long)]
    #[serde(rename = "of_digest")]
    signed_digest: bool,
}

impl Trust {
    /// What is said here, and where nothing is, what is said there.
    pub(crate) fn over(self, there: Self) -> Self {
        Self {
            signature: self.signature.or(there.signature),
            public_keys: if self.public_keys.is_empty() { there.public_keys } else { self.public_keys },
            signed_digest: self.signed_digest || there.signed_digest,
        }
    }

    /// With paths of files that mean the same in another folder.
    pub(crate) fn below(mut self, folder: &Path) -> Self {
        self.signature = self.signature.map(|file| folder.join(file));
        for key in &mut self.public_keys {
            if is_file(key) {
                *key = folder.join(&*key).display().to_string();
            }
        }
        self
    }

    /// Checks the signature of the artifact at `path`; gives who has to have signed it, if anybody.
    pub(crate) async fn verify(
        &self,
        artifact: &Artifact,
        path: &Path,
        say: &Say,
    ) -> Result<Option<SignaturePolicy>, Failure> {
        self.check(artifact, path, self.signature.as_deref(), say).await
    }

    /// The same for an artifact that the options do not speak of: its signature is in the file beside it.
    pub(crate) async fn verify_other(&self, artifact: &Artifact, path: &Path, say: &Say) -> Result<(), Failure> {
        self.check(artifact, path, None, say).await.map(drop)
    }

    async fn check(
        &self,
        artifact: &Artifact,
        path: &Path,
        file: Option<&Path>,
        say: &Say,
    ) -> Result<Option<SignaturePolicy>, Failure> {
        if self.public_keys.is_empty() {
            return match self.signature {
                Some(_) => Err(Failure::usage("--signature: by whom? give --public-key, too")),
                None => Ok(None),
            };
        }
        let keys: Result<Vec<_>, _> = self.public_keys.iter().map(|text| key(text)).collect();
        let policy = SignaturePolicy::require(keys?);
        let beside;
        let file = match file {
            Some(file) => file,
            None => {
                let mut name = path.as_os_str().to_owned();
                name.push(".minisig");
                beside = PathBuf::from(name);
                &beside
            }
        };
        let signature = self.read(file)?;
        let signed = artifact
            .verify_signature(&policy, &signature)
            .await
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        let comment = signed.comment.map_or_else(String::new, |comment| {
            let comment: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            format!(" ({comment})")
        });
        say.detail(&format!("{} is signed by {}{comment}", path.display(), signed.by));
        Ok(Some(policy))
    }

    fn read(&self, path: &Path) -> Result<DetachedSignature, Failure> {
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::usage(format!("cannot read the signature {}: {error}", path.display())))?;
        if let Ok(signature) = <[u8; 64]>::try_from(&*bytes) {
            return Ok(match self.signed_digest {
                true => DetachedSignature::ed25519_of_sha256(signature),
                false => DetachedSignature::ed25519(signature),
            });
        }
        DetachedSignature::minisign(&String::from_utf8_lossy(&bytes))
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    }
}

const BARE: &str = "ed25519:";

/// Whether a key is given by the file that it is in.
fn is_file(key: &str) -> bool {
    !key.starts_with(BARE) && SignatureKey::minisign(key).is_err()
}

fn key(text: &str) -> Result<SignatureKey, Failure> {
    if let Some(digits) = text.strip_prefix(BARE) {
        let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
        let bytes: Option<Vec<u8>> = bytes.collect();
        let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        return key
            .map(SignatureKey::ed25519)
            .ok_or_else(|| Failure::usage("--public-key: ed25519: has 64 hexadecimal digits after it"));
    }
    if !is_file(text) {
        return SignatureKey::minisign(text).map_err(|error| Failure::usage(format!("--public-key: {error}")));
    }
    let file = std::fs::read_to_string(text).map_err(|error| {
        Failure::usage(format!("--public-key: `{text}` is no key of minisign, and no file that can be read: {error}"))
    })?;
    SignatureKey::minisign(&file).map_err(|error| Failure::usage(format!("--public-key: {text}: {error}")))
}
