//! The guide: how a call goes through the pool, settings, errors, streams, tests, figures, troubleshooting.
#![doc = include_str!("../docs/http.md")]
