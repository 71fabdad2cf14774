//! The faults of the comparison: scripts for our simulated providers, a file each in `xtask/interop/faults`.

use std::io;

use super::outcome::Asked;
use crate::cargo::root;

/// A fault.
#[derive(Debug)]
pub(super) struct Fault {
    /// The name of its file.
    pub(super) name: String,
    /// What goes wrong: the first line of the file.
    pub(super) title: String,
    pub(super) script: String,
}

impl Fault {
    /// All of them, by name.
    pub(super) fn all() -> io::Result<Vec<Self>> {
        let mut faults = Vec::new();
        for file in std::fs::read_dir(root().join("xtask/interop/faults"))? {
            let path = file?.path();
            let script = std::fs::read_to_string(&path)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let title = script.lines().next().and_then(|line| line.strip_prefix("# "));
            let title =
                title.ok_or_else(|| io::Error::other(format!("{name}: say in its first line what goes wrong")))?;
            faults.push(Self { name, title: title.to_owned(), script });
        }
        faults.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(faults)
    }

    /// How it is asked for: both ways, unless it is about streams alone.
    pub(super) fn asked(&self) -> impl Iterator<Item = Asked> {
        let streamed_alone = self.says("# asked: streamed");
        Asked::all().filter(move |asked| asked.stream || !streamed_alone)
    }

    /// How often one client asks.
    pub(super) fn times(&self) -> u32 {
        if self.says("# asked: twice") { 2 } else { 1 }
    }

    fn says(&self, line: &str) -> bool {
        self.script.lines().any(|known| known == line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_what_it_is_and_how_it_is_asked_for() {
        let faults = Fault::all().unwrap();
        let named = |name: &str| faults.iter().find(|fault| fault.name == name).unwrap();
        assert_eq!((named("answer").asked().count(), named("answer").times()), (6, 1));
        assert!(named("silent_end").asked().all(|asked| asked.stream));
        assert_eq!(named("stale").times(), 2);
        let mut titles: Vec<_> = faults.iter().map(|fault| &fault.title).collect();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), faults.len());
    }
}
