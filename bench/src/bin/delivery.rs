//! Measures the area `delivery`, or the rows of it that have the first argument in their name; one JSON object a row on
//! stdout. Its other arguments are its own: they make it a fleet, or a contestant.

use std::process::ExitCode;

fn main() -> ExitCode {
    steadfast_bench::delivery::program()
}
