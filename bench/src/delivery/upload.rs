//! A large artifact beside `curl -T`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::fleet::Served;

/// A file of so many bytes, no two blocks of which are alike.
pub(super) fn file(folder: &Path, name: &str, bytes: usize) -> PathBuf {
    let path = folder.join(name);
    let mut file = File::create(&path).expect("a folder that can be written to");
    let mut block = vec![0_u8; 1 << 16];
    for at in (0..bytes).step_by(block.len()) {
        for (word, place) in block.chunks_exact_mut(8).zip((at as u64..).step_by(8)) {
            word.copy_from_slice(&place.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        }
        let take = block.len().min(bytes - at);
        file.write_all(&block[..take]).expect("room on the disk");
    }
    path
}

/// How many seconds curl takes; `None` where there is none.
#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
pub(super) fn curl(served: &Served, artifact: &Path, digest: &str) -> Option<f64> {
    let device = served.devices.first()?;
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--output", "/dev/null", "--request", "POST", "--header", "Expect:"]);
    // What the device checks is checked for everybody.
    command.arg("--header").arg(format!("repr-digest: {digest}"));
    command.arg("--upload-file").arg(artifact).arg(format!("{}/update", device.address));
    let since = Instant::now();
    let ended = command.status().ok()?;
    assert!(ended.success(), "curl failed: {ended}");
    Some(since.elapsed().as_secs_f64())
}
