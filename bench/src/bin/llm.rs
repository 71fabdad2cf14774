//! Measures the area `llm`, or the rows of it that have the first argument in their name, but for those in bytes; one
//! JSON object a row on stdout.

use std::process::ExitCode;

fn main() -> ExitCode {
    steadfast_bench::http::program(|served, wanted| {
        for outcome in steadfast_bench::llm::outcomes(served, wanted) {
            println!("{}", serde_json::to_string(&outcome).expect("plain data"));
        }
    })
}
