//! The contestant in Go, where there is a compiler for it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds it into `folder`; `None` where there is no Go, or it does not build.
pub(super) fn built(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
    let program = folder.join("delivery-go");
    let built = Command::new("go").arg("build").arg("-o").arg(&program).arg(".").current_dir(source).status();
    if built.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    eprintln!("without Go: no compiler that builds bench/go");
    None
}
