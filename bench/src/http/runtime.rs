//! The one runtime of what is measured: on the thread that asks, so that a process is a core.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// Runs `future`, and what was spawned, until `future` is done.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| Builder::new_current_thread().enable_all().build().expect("a runtime to be had"))
        .block_on(future)
}
