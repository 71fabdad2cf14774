//! Each rule, kept and broken.

use super::*;

fn check(path: &str, text: &str, expected: &[usize]) {
    let found: Vec<String> =
        super::check(&Source::new(path.into(), text.into())).iter().map(ToString::to_string).collect();
    let wanted: Vec<String> = expected.iter().map(|line| format!("{path}:{line}: ")).collect();
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (found, wanted) in found.iter().zip(&wanted) {
        assert!(found.starts_with(wanted), "{found} is not at {wanted}");
    }
}

#[test]
fn every_file_says_what_lives_in_it() {
    check("pool/src/host.rs", "//! One host.\n", &[]);
    check("pool/src/host.rs", "//!\nuse a;\n", &[1]);
    check("pool/src/host.rs", "use a;\n", &[1]);
    check("pool/src/host.rs", "", &[1]);
    check("pool/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n", &[]);
    check("pool/src/host.rs", "#![doc = include_str!(\"../README.md\")]\n", &[1]);
}

#[test]
fn no_file_is_longer_than_the_ceiling() {
    check("pool/src/host.rs", &format!("//! One host.\n{}", "\n".repeat(CEILING - 1)), &[]);
    check("pool/src/host.rs", &format!("//! One host.\n{}", "\n".repeat(CEILING)), &[CEILING + 1]);
}

#[test]
fn tables_of_contents_hold_no_code() {
    let contents = "//! Contents.\n#![no_std]\nextern crate alloc;\nmod a;\npub use a::{\n    A,\n    B,\n};\n";
    check("pool/src/lib.rs", contents, &[]);
    check("pool/src/lib.rs", "//! Contents.\npub(crate) fn a() {}\n", &[2]);
    check("pool/src/sse/mod.rs", "//! Contents.\nmod a;\nimpl A {}\n", &[3]);
    check("pool/src/sse.rs", "//! Events.\npub fn a() {}\n", &[]);
}

#[test]
fn only_the_clock_reads_the_clock() {
    let text = "//! It.\n// Instant::now in a comment\nlet a = Instant::now();\n";
    check("pool/src/host.rs", text, &[3]);
    check("clock/src/system.rs", text, &[]);
    check("pool/tests/it/host.rs", "//! It.\nlet now = std::time::SystemTime::now();\n", &[2]);
    check("pool/src/host.rs", "//! It.\nuse std::time::SystemTime;\nlet a = Instantaneous::now();\n", &[]);
}

#[test]
fn nothing_unfinished_is_kept() {
    check("pool/src/host.rs", "//! It.\ntodo!()\n", &[2]);
    check("pool/src/host.rs", "//! It.\nunimplemented !(\"later\")\n", &[2]);
    check("pool/src/host.rs", "//! It.\nlet todo = not_todo!();\n", &[]);
    check("pool/tests/it/host.rs", "//! It.\n#[ignore]\n#[ignore = \"slow\"]\nfn a() {}\n", &[2, 3]);
    check("pool/tests/it/host.rs", "//! It.\n#[cfg_attr(windows, ignore)]\nfn ignore() {}\n", &[2]);
}

#[test]
fn exceptions_are_expected_with_a_reason() {
    check("pool/src/host.rs", "//! It.\n#[allow(clippy::panic, reason = \"no\")]\nfn a() {}\n", &[2]);
    check("pool/src/host.rs", "//! It.\n#[expect(clippy::panic, reason = \"yes\")]\nfn a() {}\n", &[]);
    check("pool/tests/it/main.rs", "//! It.\n#![allow(clippy::unwrap_used, reason = \"tests\")]\n", &[]);
    check("pool/tests/loom.rs", "//! It.\n#![allow(clippy::unwrap_used, reason = \"tests\")]\n", &[]);
}

#[test]
fn examples_in_documentation_run() {
    check("pool/src/host.rs", "//! It.\n/// ```ignore\n/// a\n/// ```\nfn a() {}\n", &[2]);
    check("pool/src/host.rs", "//! It.\n/// ```text\n/// a\n/// ```\nfn a() {}\n", &[]);
    assert_eq!(fences("README.md", "# A\n```rust,ignore\n```\n").len(), 1);
    assert_eq!(fences("README.md", "# A\n```\n```\n").len(), 0);
}
