//! The table of a record, in Markdown.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::outcome::{Better, Kind, Outcome};

/// Which version of each crate was measured.
#[derive(Debug)]
pub(crate) struct Versions(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

impl Versions {
    /// Reads a `Cargo.lock`.
    pub(crate) fn read(lock: &str) -> Result<Self, toml::de::Error> {
        let lock: Lock = toml::from_str(lock)?;
        Ok(Self(lock.package.into_iter().map(|locked| (locked.name, locked.version)).collect()))
    }

    /// `governor` as `governor 0.10.4`; what follows the crate's name stays behind its version.
    fn named(&self, who: &str) -> String {
        let (name, rest) = who.split_once(' ').map_or((who, String::new()), |(name, rest)| (name, format!(" {rest}")));
        self.0.get(name).map_or_else(|| who.to_owned(), |version| format!("{name} {version}{rest}"))
    }
}

/// A line per row: ours, each peer, floors, ratio to the best peer, what it must reach, and whether it does.
pub(crate) fn table(outcomes: &[Outcome], versions: &Versions) -> String {
    let head = "| operation | ours | peers | floor | ours / best peer | must reach | reached |\n\
        |---|---|---|---|---|---|---|";
    let rows = outcomes.iter().map(|outcome| row(outcome, versions));
    std::iter::once(head.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

fn row(outcome: &Outcome, versions: &Versions) -> String {
    let ratio = outcome.best_peer().map_or_else(|| "–".into(), |peer| format!("{:.2}×", outcome.ours() / peer));
    let reached = match outcome.reached() {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "–",
    };
    let cells = [
        outcome.row.clone(),
        format!("{:.2}", outcome.ours()),
        figures(outcome, Kind::Peer, versions),
        figures(outcome, Kind::Floor, versions),
        ratio,
        promise(outcome),
        reached.to_owned(),
    ];
    format!("| {} |", cells.join(" | "))
}

fn figures(outcome: &Outcome, kind: Kind, versions: &Versions) -> String {
    let of_kind = outcome.figures.iter().filter(|figure| figure.kind == kind);
    let told: Vec<String> =
        of_kind.map(|figure| format!("{} {:.2}", versions.named(&figure.who), figure.figure)).collect();
    if told.is_empty() { "–".into() } else { told.join(", ") }
}

fn promise(outcome: &Outcome) -> String {
    let sign = match outcome.better {
        Better::Less => "≤",
        Better::More => "≥",
    };
    let (Some(reach), limit) = (&outcome.reach, outcome.limit()) else { return "–".into() };
    match (&reach.whom, limit) {
        (None, _) => format!("{sign} {}", reach.plus),
        (Some(whom), Some(limit)) if reach.plus > 0.0 => format!("{sign} {whom} + {} = {limit:.2}", reach.plus),
        (Some(whom), Some(limit)) => format!("{sign} {}× {whom} = {limit:.2}", reach.times),
        (Some(whom), None) => format!("{whom} is not there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_everything() {
        let lock = "version = 4\n[[package]]\nname = \"governor\"\nversion = \"0.10.4\"\n";
        let outcome = r#"{"row": "limiter", "figures": [{"who": "steadfast", "kind": "ours", "figure": 5.0},
            {"who": "governor (own clock)", "kind": "peer", "figure": 10.0}, {"who": "swap", "kind": "floor", "figure": 4.0}],
            "reach": {"whom": "swap", "times": 1.2, "plus": 0.0}}"#;
        let outcome: Outcome = serde_json::from_str(outcome).unwrap();
        let table = table(&[outcome], &Versions::read(lock).unwrap());
        let row =
            "| limiter | 5.00 | governor 0.10.4 (own clock) 10.00 | swap 4.00 | 0.50× | ≤ 1.2× swap = 4.80 | **no** |";
        assert_eq!(table.lines().last(), Some(row));
    }

    #[test]
    fn a_promise_is_told_by_its_direction() {
        let check = |json: &str, told: &str| assert_eq!(promise(&serde_json::from_str(json).unwrap()), told);
        let figures = r#""figures": [{"who": "steadfast", "kind": "ours", "figure": 5.0}, {"who": "a", "kind": "peer", "figure": 10.0}]"#;
        let of = |more: &str| format!(r#"{{"row": "r", {figures}, {more}}}"#);
        check(&of(r#""better": "more", "reach": {"whom": "a", "times": 0.9, "plus": 0}"#), "≥ 0.9× a = 9.00");
        check(&of(r#""better": "less", "reach": {"whom": null, "times": 0, "plus": 64}"#), "≤ 64");
        check(&of(r#""reach": {"whom": "a", "times": 1, "plus": 0.5}"#), "≤ a + 0.5 = 10.50");
        check(&of(r#""reach": {"whom": "b", "times": 1, "plus": 0}"#), "b is not there");
        check(&of(r#""reach": null"#), "–");
    }
}
