//! The matrix of outcomes: every fault, for every API, whole and streamed, against the table that is committed.
//!
//! `UPDATE_OUTCOMES=1` writes what was measured into `docs/outcomes.md`, for the difference to be reviewed.

mod document;
mod faults;
mod run;
mod streams;
pub(crate) mod words;

use steadfast_providers::Vendor;

use document::{NONE, Table};
use words::Mode;

/// The APIs, as the columns call them.
fn vendors() -> Vec<(&'static str, Vendor)> {
    vec![("chat", Vendor::openai()), ("responses", Vendor::openai_responses()), ("messages", Vendor::anthropic())]
}

fn columns() -> Vec<String> {
    let modes = |(name, _): (&str, Vendor)| [format!("{name}, plain"), format!("{name}, streamed")];
    vendors().into_iter().flat_map(modes).collect()
}

#[tokio::test]
async fn every_cell_is_as_committed() {
    let (mut measured, mut wrong) = (Table::new(), Vec::new());
    for row in faults::rows() {
        let mut cells = Vec::new();
        for (_, vendor) in vendors() {
            for mode in [Mode::Plain, Mode::Stream] {
                cells.push(match (row.fault)(vendor.api, mode) {
                    None => NONE.to_owned(),
                    Some(fault) => {
                        let (outcome, reply) = run::run(vendor.clone(), mode, fault).await;
                        if let Some(reply) = reply {
                            let calls: Vec<_> = reply.tool_calls().map(|call| call.arguments.clone()).collect();
                            let kept = calls.iter().all(|arguments| arguments.contains("Paris"));
                            if !kept || reply.text().is_empty() && calls.is_empty() {
                                wrong.push(format!(
                                    "{}; {} {mode:?}: an answer that says nothing",
                                    row.name, vendor.name
                                ));
                            }
                        }
                        outcome.to_string()
                    }
                });
            }
        }
        measured.push((row.name, cells));
    }
    if std::env::var_os("UPDATE_OUTCOMES").is_some() {
        return document::write(&columns(), &measured);
    }
    let committed = document::read(&columns());
    for (name, cells) in &measured {
        match committed.iter().find(|(known, _)| known == name) {
            None => wrong.push(format!("{name}: not in the document")),
            Some((_, expected)) if expected.len() != cells.len() => wrong.push(format!("{name}: cells are missing")),
            Some((_, expected)) => {
                let differ = |((column, cell), expected): ((&String, &String), &String)| {
                    (cell != expected).then(|| format!("{name}; {column}: {cell}, committed: {expected}"))
                };
                wrong.extend(columns().iter().zip(cells).zip(expected).filter_map(differ));
            }
        }
    }
    let unknown = committed.iter().filter(|(name, _)| !measured.iter().any(|(known, _)| known == name));
    wrong.extend(unknown.map(|(name, _)| format!("{name}: nobody measures it")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
