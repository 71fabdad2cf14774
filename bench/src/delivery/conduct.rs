//! The whole of the program: the one who starts the others, and what those do.

use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use super::order::{Order, Ran};
use super::{bare, fleet, idle, noop, ours, rows};

/// What this process is: by its first argument a fleet or a contestant, else the one who starts them.
pub fn program() -> ExitCode {
    // Thousands of connections are opened.
    rlimit::increase_nofile_limit(u64::MAX).expect("a limit that can be raised");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--fleet", devices, kind, folder] => {
            fleet::run(devices.parse().expect("a number of devices"), *kind == "tls", folder);
        }
        ["--ours", order] => contest(|| several().block_on(ours::run(Order::read(order)))),
        ["--bare", order] => contest(|| several().block_on(bare::run(Order::read(order)))),
        ["--noop", order] => contest(|| several().block_on(noop::run(Order::read(order)))),
        ["--stock", order] => contest(|| several().block_on(idle::stock(Order::read(order)))),
        ["--idle", order] => contest(|| several().block_on(idle::run(Order::read(order)))),
        rest => {
            for outcome in rows::outcomes(rest.first().copied().unwrap_or_default()) {
                println!("{}", serde_json::to_string(&outcome).expect("plain data"));
            }
        }
    }
    ExitCode::SUCCESS
}

fn contest(run: impl FnOnce() -> Ran) {
    run().tell();
}

/// A runtime as programs have it: a thread for each core that the process may use.
fn several() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime to be had")
}
