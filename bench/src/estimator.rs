//! How a row is measured: alone, the fastest of many batches; on two threads, the median batch while both run.

mod alone;
mod batch;
mod together;

use crate::{Better, Contestant, Measured, Outcome, Row};

/// Measures the contestants of a row: those with one thread in turns, then each pair of threads.
pub fn measure(mut row: Row) -> Outcome {
    let mut figures = vec![f64::NAN; row.contestants.len()];
    let (mut single, paired): (Vec<_>, Vec<_>) =
        row.contestants.iter_mut().enumerate().partition(|(_, c)| c.runs.len() == 1);
    let mut runs: Vec<_> = single.iter_mut().flat_map(|(_, contestant)| &mut contestant.runs).collect();
    let fastest = alone::fastest(&mut runs);
    for ((at, _), ns) in single.iter().zip(fastest) {
        figures[*at] = ns;
    }
    for (at, contestant) in paired {
        figures[at] = together::median(&mut contestant.runs);
    }
    let told = |(Contestant { who, kind, .. }, figure): (&Contestant, f64)| Measured { who, kind: *kind, figure };
    let figures = row.contestants.iter().zip(figures).map(told).collect();
    Outcome { row: row.name.into(), better: Better::Less, figures, reach: row.reach }
}
