//! What LLVM tells about coverage, as a table.

use std::path::Path;

use serde::Deserialize;

use crate::say;

/// Lines and covered lines of each file, by its path from the root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    files: Vec<(String, Lines)>,
}

/// How many lines of code there are, and how many ran.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Lines {
    count: u64,
    covered: u64,
}

#[derive(Deserialize)]
struct Export {
    data: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    lines: Lines,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<String>,
}

/// The programs among the messages of a `cargo … --message-format=json`.
pub(crate) fn programs(messages: &str) -> Vec<String> {
    let read = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let mut programs: Vec<String> = read.filter_map(|message| message.executable).collect();
    programs.sort();
    programs.dedup();
    programs
}

impl Report {
    /// Reads the output of `llvm-cov export --summary-only`. Files of tests are no code to cover.
    pub(crate) fn read(json: &str, root: &Path) -> serde_json::Result<Self> {
        let export: Export = serde_json::from_str(json)?;
        let files = export.data.into_iter().flat_map(|unit| unit.files).filter_map(|file| {
            let path = Path::new(&file.filename);
            let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
            (!path.ends_with("/tests.rs")).then_some((path, file.summary.lines))
        });
        Ok(Self { files: files.collect() })
    }

    /// Prints the files of `area` and their sum; whether the sum reaches `bar` per cent.
    pub(crate) fn print(&self, area: &str, bar: f64) -> bool {
        for (path, lines) in self.files.iter().filter(|(path, _)| path.starts_with(area)) {
            say::line(&row(path, *lines, bar));
        }
        let sum = self.sum(area);
        say::line(&row(&format!("{area} in all"), sum, bar));
        sum.share() >= bar
    }

    fn sum(&self, area: &str) -> Lines {
        let ours = self.files.iter().filter(|(path, _)| path.starts_with(area));
        ours.fold(Lines::default(), |sum, (_, lines)| Lines {
            count: sum.count + lines.count,
            covered: sum.covered + lines.covered,
        })
    }
}

impl Lines {
    /// Per cent that ran. Of no lines, none: an area that is not there does not reach a bar.
    #[expect(clippy::cast_precision_loss, reason = "a source folder has fewer than 2^53 lines")]
    fn share(self) -> f64 {
        if self.count == 0 { 0.0 } else { 100.0 * self.covered as f64 / self.count as f64 }
    }
}

fn row(name: &str, lines: Lines, bar: f64) -> String {
    let share = lines.share();
    let below = if share < bar { format!("  below {bar} %") } else { String::new() };
    format!("{name:<48} {:>6} of {:>6} lines {share:>6.1} %{below}", lines.covered, lines.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = r#"{"data":[{"files":[
        {"filename":"/r/pool/src/a.rs","summary":{"lines":{"count":90,"covered":90,"percent":100}}},
        {"filename":"/r/pool/src/b.rs","summary":{"lines":{"count":10,"covered":4,"percent":40}}},
        {"filename":"/r/pool/src/b/tests.rs","summary":{"lines":{"count":50,"covered":50,"percent":100}}},
        {"filename":"/c/other.rs","summary":{"lines":{"count":7,"covered":0,"percent":0}}}],"totals":{}}]}"#;

    #[test]
    fn an_area_is_the_sum_of_its_files() {
        let report = Report::read(EXPORT, Path::new("/r")).unwrap();
        assert_eq!(report.sum("pool/src/"), Lines { count: 100, covered: 94 });
        assert!((report.sum("pool/src/").share() - 94.0).abs() < 1e-9);
        assert!(report.sum("backoff/src/").share() < 95.0);
    }

    #[test]
    fn programs_are_found_among_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\nnot json\n\
            {\"executable\":\"/t/it-1\"}\n{\"executable\":\"/t/it-1\"}\n{\"reason\":\"build-finished\"}\n";
        assert_eq!(programs(messages), ["/t/it-1"]);
    }
}
