//! The LLVM programs that read coverage, in the version that this rustc writes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::output;

/// Where the two programs are.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) profdata: PathBuf,
    pub(crate) cov: PathBuf,
}

impl Tools {
    /// Those of the toolchain, else those on the path if their LLVM is the compiler's.
    pub(crate) fn find() -> io::Result<Option<Self>> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = output(Command::new(&rustc).args(["--print", "sysroot"]))?;
        if let Some(tools) = in_sysroot(Path::new(sysroot.trim())) {
            return Ok(Some(tools));
        }
        let verbose = output(Command::new(&rustc).arg("-vV"))?;
        let Some(wanted) = llvm_major(&verbose) else { return Ok(None) };
        let suffixes = [String::new(), format!("-{wanted}")];
        Ok(suffixes.iter().find_map(|suffix| {
            let tools =
                Self { profdata: format!("llvm-profdata{suffix}").into(), cov: format!("llvm-cov{suffix}").into() };
            let matches = |program: &Path| {
                let told = Command::new(program).arg("--version").output().ok()?;
                (llvm_major(&String::from_utf8_lossy(&told.stdout))? == wanted).then_some(())
            };
            matches(&tools.profdata).and_then(|()| matches(&tools.cov)).map(|()| tools)
        }))
    }
}

/// `lib/rustlib/<target>/bin`, where the component `llvm-tools` puts them.
fn in_sysroot(sysroot: &Path) -> Option<Tools> {
    let targets = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    targets.flatten().find_map(|target| {
        let program = |name: &str| {
            let path = target.path().join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            path.is_file().then_some(path)
        };
        Some(Tools { profdata: program("llvm-profdata")?, cov: program("llvm-cov")? })
    })
}

/// The number after `LLVM version`, with or without a colon, up to the first dot.
fn llvm_major(text: &str) -> Option<u32> {
    let (_, after) = text.split_once("LLVM version")?;
    let digits: String = after.trim_start_matches([':', ' ']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_compiler_and_tools() {
        assert_eq!(llvm_major("rustc 1.95.0\nhost: x\nLLVM version: 22.1.2\n"), Some(22));
        assert_eq!(llvm_major("Debian LLVM version 14.0.6\n"), Some(14));
        assert_eq!(llvm_major("gcov 14\n"), None);
    }
}
