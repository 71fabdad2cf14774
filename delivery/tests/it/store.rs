//! Stores: one suite for all of them, then what each has of its own.

mod conformance;
mod kit;
