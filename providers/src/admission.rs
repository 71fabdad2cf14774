//! Limits that learn: what a provider allows, from its own words; calls wait for it in order, or are told when to come
//! back.
//!
//! Each provider, key and family of models has one book of its limits on requests and tokens, shared by all clients of a
//! pool. A call reserves what it will probably take, waits until there is room for it, and is settled by what it took. The
//! headers of every answer correct what is known; a 429 holds up all who wait, so that they do not run into it one by one.
//!
//! What is pure can be used alone: [`LimitTable`] reads headers, and a [`Book`] is the whole machine without clock, lock or
//! I/O.

mod book;
mod booking;
mod cost;
mod date;
mod desk;
mod duration;
mod estimate;
mod heard;
mod limits;
mod meter;
mod peaks;
mod ramp;
mod refusal;
mod registry;
mod reset;
mod table;

pub use book::{Answered, Book, BookSnapshot, Entered, LimitSnapshot, Ticket, Turn};
pub use cost::Cost;
pub use date::rfc3339;
pub use duration::go_duration;
pub use heard::Heard;
pub use limits::Limits;
pub use refusal::{Refusal, Why};
pub use registry::AdmissionSnapshot;
pub use reset::reset_in;
pub use steadfast_pool::ratelimit::Observed;
pub use table::{LimitHeader, LimitTable, Measure};

pub(crate) use booking::Booking;
pub(crate) use desk::Desk;
pub(crate) use registry::desk;
