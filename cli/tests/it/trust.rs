//! Artifacts that have to be signed.

use crate::rig::{Fleet, finish, run};

const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

/// Of the artifact `test`, by that key.
const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
    RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
    trusted comment: timestamp:1556193335\tfile:test\n\
    y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==";

#[test]
fn only_what_is_signed_is_pushed() {
    let fleet = Fleet::start(1, &[]);
    let artifact = fleet.path("fw.bin");
    let signed = ["--public-key", KEY];
    let refused = |expected: &str, more: &[&str]| {
        let run = finish(&mut fleet.run("signed", more));
        run.refused(2, expected);
    };
    std::fs::write(&artifact, "test").unwrap();
    refused("fw.bin.minisig", &signed);
    let signature = fleet.path("fw.bin.minisig");
    std::fs::write(&signature, SIGNATURE).unwrap();
    std::fs::write(&artifact, "Test").unwrap();
    refused("the artifact is not the one that was signed", &signed);
    assert_eq!(fleet.total("pushes"), 0);
    std::fs::write(&artifact, "test").unwrap();
    refused("--signature: by whom?", &["--signature", &signature]);
    refused("no key of minisign, and no file", &["--public-key", "RWQf6LRCGA9i53"]);
    refused("64 hexadecimal digits", &["--public-key", "ed25519:ab"]);
    refused("fw.bin", &["--public-key", &format!("ed25519:{}", "0".repeat(64))]);

    let file = fleet.path("ours.pub");
    std::fs::write(&file, format!("untrusted comment: ours\n{KEY}\n")).unwrap();
    let rollout = finish(&mut fleet.run("signed", &["--public-key", &file, "--signature", &signature, "-v"]));
    assert_eq!(rollout.code, 0, "{}", rollout.stderr);
    assert!(rollout.stderr.contains("is signed by") && rollout.stderr.contains("timestamp:1556193335 file:test"));

    // Whoever may push one artifact may not roll back to any other.
    let other = fleet.path("other.bin");
    std::fs::write(&other, "other").unwrap();
    let back = ["--rollback-artifact", &other, "--rollback-version", "1"];
    let back = finish(&mut fleet.run("back", &[&signed[..], &back].concat()));
    back.refused(2, "other.bin.minisig");

    let inventory = std::fs::read_to_string(fleet.path("fleet.json")).unwrap();
    let devices: serde_json::Value = serde_json::from_str(&inventory).unwrap();
    let device = devices[0]["address"].as_str().unwrap();
    let push = ["push", "--artifact", &artifact, "--device", device, "--public-key", KEY];
    assert_eq!(run(&push).code, 0);
    std::fs::write(&artifact, "Test").unwrap();
    run(&push).refused(2, "the artifact is not the one that was signed");
}
