//! A tokio runtime for the peers that cannot be made or called outside of one.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// The runtime of this program: entered, never run.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_current_thread().enable_time().build().expect("a runtime to be had"))
}
