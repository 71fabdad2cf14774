//! Artifact trust: nothing is rolled out that somebody who is trusted did not sign.

use std::io::Write;

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::{Digest, Sha256};
use steadfast_delivery::{Artifact, DetachedSignature, Error, ErrorKind, Plan, SignatureKey, SignaturePolicy, Signed};

use crate::support::devices;

/// A key of minisign's author, and what minisign itself made with it of a file `test` that holds `test`.
const KEY: &str = "untrusted comment: minisign public key E7620F1842B4E81F\n\
                   RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n";
const LEGACY: &str = "untrusted comment: signature from minisign secret key\n\
    RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=\n\
    trusted comment: timestamp:1555779966\tfile:test\n\
    QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==\n";
const PREHASHED: &str = "untrusted comment: signature from minisign secret key\n\
    RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
    trusted comment: timestamp:1556193335\tfile:test\n\
    y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n";

fn policy() -> SignaturePolicy {
    SignaturePolicy::require([SignatureKey::minisign(KEY).unwrap()])
}

async fn verify(bytes: &'static str, signature: &str) -> Result<Signed, Error> {
    Artifact::from_bytes(bytes).verify_signature(&policy(), &DetachedSignature::minisign(signature)?).await
}

fn refused(result: Result<Signed, Error>, expected: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}

#[tokio::test]
async fn what_minisign_made_is_verified() {
    for (signature, comment) in
        [(LEGACY, "timestamp:1555779966\tfile:test"), (PREHASHED, "timestamp:1556193335\tfile:test")]
    {
        let signed = verify("test", signature).await.unwrap();
        assert_eq!(signed.comment.as_deref(), Some(comment));
        assert_eq!(signed.by.to_string(), "minisign E7620F1842B4E81F");
        assert_eq!(signed.by, SignatureKey::minisign(KEY.lines().nth(1).unwrap()).unwrap(), "with and without comment");
        verify("test", &signature.replace('\n', "\r\n")).await.unwrap();
    }
}

#[tokio::test]
async fn tampering_is_noticed_and_told_apart() {
    for signature in [LEGACY, PREHASHED] {
        refused(verify("Test", signature).await, "the artifact is not the one that was signed");
        refused(verify("", signature).await, "the artifact is not the one that was signed");
        let comment = signature.replace("file:test", "file:best");
        refused(verify("test", &comment).await, "the signature or its trusted comment was changed");
        // One character within the signature itself, then within the one over the comment.
        for (from, to) in [("Wi+d", "Wi+e"), ("gXdy", "gXdz"), ("QtKM", "QtKN"), ("y/rU", "y/rV")] {
            if signature.contains(from) {
                let changed = signature.replace(from, to);
                refused(verify("test", &changed).await, "the signature or its trusted comment was changed");
            }
        }
    }
    // What is not trusted may be anything.
    verify("test", &PREHASHED.replace("signature from minisign secret key", "hello")).await.unwrap();
}

#[tokio::test]
async fn a_signature_that_says_another_kind_of_itself_is_refused() {
    // `ED` for `Ed` and the other way round: what is signed is then something else.
    refused(verify("test", &LEGACY.replace("RWQf", "RUQf")).await, "the artifact is not the one that was signed");
    refused(verify("test", &PREHASHED.replace("RUQf", "RWQf")).await, "the artifact is not the one that was signed");
}

#[tokio::test]
async fn what_is_no_signature_and_no_key_is_told() {
    let halves: Vec<&str> = PREHASHED.lines().collect();
    for text in ["", "\n\n\n", "a\nb\nc\nd", &halves[..3].join("\n"), &PREHASHED.replace("trusted comment: t", "t")] {
        let error = DetachedSignature::minisign(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        assert_eq!(error.to_string(), "not a signature of minisign: give the text of a .minisig file");
    }
    for text in ["", "RWQf", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO", PREHASHED] {
        let error = SignatureKey::minisign(text).unwrap_err();
        assert!(error.to_string().starts_with("not a public key of minisign"), "{error}");
    }
}

/// Two keys of rsign, and what it made with the first of them.
const OWN: &str = "RWQusFj+wdR62YpII5e0eH6raSKuXFNJnyYMvWjYziXONGRrJM3C5rL/";
const OTHER: &str = "RWTs2IKfHsU+t6iibxaBJ3LSRdKU7oGqmYzm0Ib3UUgu5iHw2kQxQVC0";

fn own() -> SignatureKey {
    SignatureKey::minisign(OWN).unwrap()
}

fn rsigned(signature: &str, global: &str) -> DetachedSignature {
    let text = format!(
        "untrusted comment: signature from rsign secret key\n{signature}\ntrusted comment: version 2\n{global}"
    );
    DetachedSignature::minisign(&text).unwrap()
}

/// Of `firmware`.
fn of_firmware() -> DetachedSignature {
    rsigned(
        "RUQusFj+wdR62bJQpCwnMHEkPU/3lmxTlBSwiyfaOM+sXYsQZvgzNeNypT7hxZJH/biYAFmIUKncLI885JQ4p6lhIqKkmvVa8wk=",
        "PoQGf56j62Kwglg3/pUZImMnJvmfFzMlzdGUpbS1S0FE48FyqIdhvD3D59SGGC1dxWTbnL4ttK0yUhFiekTmBg==",
    )
}

#[tokio::test]
async fn a_large_file_is_verified_in_pieces() {
    let contents: Vec<u8> = (0..3_000_001u32).flat_map(|i| i.to_le_bytes()).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&contents).unwrap();
    let signature = rsigned(
        "RUQusFj+wdR62S1cEsT6bFYWXizCavYXZTwNM5se7dLbq15/r5xo4zGPzzt2rjhaFiiMLfQ+skJNDHTr+fbGd6Q0dCq9CLUhogI=",
        "do0HZN/eIR0stuln/gCH7naTuPA+osOioddMLvGqUMkSY6MWndj2lMduPeIlI+Ddo1H/+XBJYJlwTdSxctgWBg==",
    );
    let policy = SignaturePolicy::require([own()]);
    let artifact = Artifact::open(file.path()).await.unwrap();
    let signed = artifact.verify_signature(&policy, &signature).await.unwrap();
    assert_eq!((signed.by, signed.comment.as_deref()), (own(), Some("version 2")));
    let mut changed = contents;
    changed[7_000_000] ^= 1;
    let other = Artifact::from_bytes(changed).verify_signature(&policy, &signature).await;
    refused(other, "the artifact is not the one that was signed");
}

#[tokio::test]
async fn another_key_is_no_good_and_any_of_several_will_do() {
    let (own, other, signature) = (own(), SignatureKey::minisign(OTHER).unwrap(), of_firmware());
    let artifact = Artifact::from_bytes("firmware");
    let wrong = artifact.verify_signature(&SignaturePolicy::require([other.clone()]), &signature).await;
    refused(wrong, &format!("the signature is by the key {own}, not by {other}"));
    refused(artifact.verify_signature(&SignaturePolicy::require([]), &signature).await, "of which there is none");
    let either = SignaturePolicy::require([other, own.clone()]);
    assert_eq!(artifact.verify_signature(&either, &signature).await.unwrap().by, own);
}

#[tokio::test]
async fn bare_ed25519_signatures_are_over_the_file_or_its_digest() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let raw: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
    let policy = SignaturePolicy::require([SignatureKey::minisign(KEY).unwrap(), SignatureKey::ed25519(raw)]);
    let sign = |message: &[u8]| -> [u8; 64] { pair.sign(message).as_ref().try_into().unwrap() };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"firmware").unwrap();
    let opened = Artifact::open(file.path()).await.unwrap();
    let whole = DetachedSignature::ed25519(sign(b"firmware"));
    let digest = DetachedSignature::ed25519_of_sha256(sign(&Sha256::digest(b"firmware")));
    for artifact in [opened, Artifact::from_bytes("firmware")] {
        for signature in [&whole, &digest] {
            let signed = artifact.verify_signature(&policy, signature).await.unwrap();
            assert_eq!((signed.by, signed.comment), (SignatureKey::ed25519(raw), None));
        }
        let swapped = DetachedSignature::ed25519(sign(&Sha256::digest(b"firmware")));
        refused(artifact.verify_signature(&policy, &swapped).await, "is not the one that was signed, or the signature");
    }
    let tampered = Artifact::from_bytes("firmwarf");
    for signature in [whole, digest] {
        refused(
            tampered.verify_signature(&policy, &signature).await,
            "is not the one that was signed, or the signature",
        );
    }
}

#[tokio::test]
async fn a_signature_over_the_bytes_of_a_large_file_is_refused_before_it_is_read() {
    let artifact = Artifact::from_bytes(vec![0; (64 << 20) + 1]);
    let legacy = DetachedSignature::minisign(LEGACY).unwrap();
    for signature in [legacy, DetachedSignature::ed25519([0; 64])] {
        refused(artifact.verify_signature(&policy(), &signature).await, "more than 64 MiB: sign its digest");
    }
}

#[tokio::test]
async fn a_plan_that_requires_a_signature_is_not_built_without_one() {
    let artifact = Artifact::from_bytes("test");
    let plan = |artifact: &Artifact| {
        Plan::builder(artifact.clone()).version("2").devices(devices(1)).require_signature(policy()).build()
    };
    let unsigned = plan(&artifact).unwrap_err();
    assert_eq!(unsigned.kind(), ErrorKind::Signature);
    assert_eq!(unsigned.to_string(), "a signature by minisign E7620F1842B4E81F is required, and none was verified");
    // One that fails changes nothing, nor does one by a key that is not among those of the plan.
    let signature = rsigned(
        "RUQusFj+wdR62Xi9E3S6hojolora/pL4r7pjoRhHj0AOnASIg4hLvf1mpizWmpeGCyAD43xhwOVnm7VRXc3VjEwIMpvImHpKDwE=",
        "cMpN11bjAHgtkzFXS3tnY0vBC4GXMniRrrPRe33KM+rujWBYujJ47cRU+oWmF1KXGi3TLKGhLkUlScCA823qAA==",
    );
    artifact.verify_signature(&SignaturePolicy::require([own()]), &signature).await.unwrap();
    artifact.verify_signature(&policy(), &signature).await.unwrap_err();
    assert!(plan(&artifact).is_err());
    artifact.verify_signature(&policy(), &DetachedSignature::minisign(PREHASHED).unwrap()).await.unwrap();
    assert!(plan(&artifact).is_ok(), "what clones of it were found to be, it is");
    assert!(plan(&Artifact::from_bytes("test")).is_err(), "another artifact was not looked at");
}

#[tokio::test]
async fn a_file_that_changed_since_it_was_opened_is_not_verified() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"test").unwrap();
    let artifact = Artifact::open(file.path()).await.unwrap();
    file.as_file().set_modified(std::time::UNIX_EPOCH).unwrap();
    let error =
        artifact.verify_signature(&policy(), &DetachedSignature::minisign(PREHASHED).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    assert!(artifact.is_changed());
}
