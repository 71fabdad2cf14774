//! Measures the area `primitives`; one JSON object a row on stdout.

fn main() {
    for row in steadfast_bench::primitives::rows() {
        eprintln!("{}", row.name);
        let outcome = steadfast_bench::measure(row);
        println!("{}", serde_json::to_string(&outcome).expect("plain data"));
    }
}
