//! Measures the area `primitives`, or the rows of it that have the first argument in their name; one JSON object a row
//! on stdout.

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for row in steadfast_bench::primitives::rows().filter(|row| row.name.contains(&wanted)) {
        if row.threads() > cores {
            eprintln!("{}: skipped, there is one core", row.name);
            continue;
        }
        eprintln!("{}", row.name);
        let outcome = steadfast_bench::measure(row);
        println!("{}", serde_json::to_string(&outcome).expect("plain data"));
    }
}
