//! What a run of one target came to, read from what libFuzzer says; the plain engine says as much of it as it knows.

use std::fmt;
use std::path::PathBuf;

/// One target's run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) target: String,
    pub(crate) nothing_found: bool,
    executions: u64,
    per_second: u64,
    /// Edges that the corpus covered before and after the run; `None` where nobody counts.
    edges: Option<(u64, u64)>,
    /// Where the input lies that broke it.
    pub(crate) artifact: Option<PathBuf>,
    /// What was said besides: the panic, when there was one.
    pub(crate) why: String,
}

impl Outcome {
    /// `told` is what the program has written to stderr.
    pub(crate) fn read(target: &str, nothing_found: bool, told: &str) -> Self {
        let stat = |name: &str| {
            let mut values = told.lines().filter_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
            values.next_back().and_then(|value| value.trim_start_matches(':').trim().parse().ok()).unwrap_or(0)
        };
        let mut edges = told.lines().filter(|line| line.starts_with('#')).filter_map(edges);
        let first = edges.next();
        let artifact = told.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1.into()));
        Self {
            target: target.to_owned(),
            nothing_found,
            executions: stat("number_of_executed_units"),
            per_second: stat("average_exec_per_sec"),
            edges: first.map(|first| (first, edges.next_back().unwrap_or(first))),
            artifact,
            why: why(told),
        }
    }
}

/// From the panic, or what the engine has to complain of, up to what it says of itself.
fn why(told: &str) -> String {
    let lines = told.lines().skip_while(|line| !line.starts_with("thread ") && !line.contains("ERROR: libFuzzer"));
    lines.take_while(|line| !line.starts_with("NOTE: ")).collect::<Vec<_>>().join("\n")
}

/// The number after `cov:`.
fn edges(line: &str) -> Option<u64> {
    let (_, after) = line.split_once(" cov: ")?;
    after.split_whitespace().next()?.parse().ok()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, executions, per_second, .. } = self;
        write!(f, "{target:<12} {executions:>11} runs  {per_second:>8}/s  ")?;
        match self.edges {
            Some((before, after)) => write!(f, "{after:>6} edges (+{})  ", after.saturating_sub(before))?,
            None => f.write_str("edges not counted  ")?,
        }
        f.write_str(if self.nothing_found { "nothing found" } else { "BROKEN" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "INFO: Seed: 1\n\
        #2\tINITED cov: 8 ft: 8 corp: 1/1b exec/s: 0 rss: 27Mb\n\
        #442\tNEW    cov: 19 ft: 21 corp: 2/9b lim: 8 exec/s: 0 rss: 27Mb L: 8/8 MS: 1 CopyPart-\n";

    #[test]
    fn a_run_without_a_finding() {
        let told = format!(
            "{TOLD}#1000\tDONE   cov: 20 ft: 21 corp: 2/9b\nstat::number_of_executed_units: 1000\nstat::average_exec_per_sec:     500\n"
        );
        let outcome = Outcome::read("sse", true, &told);
        assert_eq!(outcome.to_string(), "sse                 1000 runs       500/s      20 edges (+12)  nothing found");
        assert_eq!((outcome.artifact, outcome.why), (None, String::new()));
    }

    #[test]
    fn a_finding_names_its_input_and_its_panic() {
        let told = format!(
            "{TOLD}thread panicked:\n  left: 1\nNOTE: libFuzzer\nstat::number_of_executed_units: 451\nartifact_prefix='a/'; Test unit written to a/crash-0\n"
        );
        let outcome = Outcome::read("sse", false, &told);
        assert_eq!(outcome.to_string(), "sse                  451 runs         0/s      19 edges (+11)  BROKEN");
        assert_eq!(outcome.artifact, Some("a/crash-0".into()));
        assert_eq!(outcome.why, "thread panicked:\n  left: 1");
    }

    #[test]
    fn an_engine_that_counts_no_edges() {
        let outcome = Outcome::read("sse", true, "stat::number_of_executed_units: 7\nstat::average_exec_per_sec: 3\n");
        assert_eq!(outcome.to_string(), "sse                    7 runs         3/s  edges not counted  nothing found");
    }
}
