//! The area `primitives` under criterion: the same operations on one thread, with its spread and its own history.

use std::time::Instant;

use criterion::Criterion;

#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for row in steadfast_bench::primitives::rows() {
        let mut group = criterion.benchmark_group(row.name);
        for mut contestant in row.contestants {
            let [run] = contestant.runs.as_mut_slice() else { continue };
            group.bench_function(contestant.who, |bencher| {
                bencher.iter_custom(|operations| {
                    let start = Instant::now();
                    run(operations);
                    start.elapsed()
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
