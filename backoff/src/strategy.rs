//! The examples of `docs/strategy.md`, as tests.
#![doc = include_str!("../docs/strategy.md")]
