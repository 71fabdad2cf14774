//! The laws, each against a naive reference where there is one.

#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "tokio")]
mod flight;
mod memory;
#[cfg(feature = "prompt")]
mod prompt;
#[cfg(feature = "tokio")]
mod read_through;
#[cfg(feature = "prompt")]
mod recording;
#[cfg(feature = "similar")]
mod similar;
mod threads;
mod tiered;
