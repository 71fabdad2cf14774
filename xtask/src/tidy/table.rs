//! The literal tables: what each crate may depend on, what each folder holds, which words need which folder.

/// Each member, and the folders of the crates of the family that it may have as normal dependencies.
pub(crate) const MAY_USE: [(&str, &str); 13] = [
    ("steadfast-clock", ""),
    ("steadfast-backoff", "clock"),
    ("steadfast-ratelimit", "clock"),
    ("steadfast-breaker", "clock"),
    ("steadfast-telemetry", "clock"),
    ("steadfast-cache", "clock"),
    ("steadfast-testkit", "clock"),
    ("steadfast-pool", "clock backoff ratelimit breaker telemetry cache"),
    ("steadfast-providers", "clock backoff ratelimit breaker telemetry cache pool"),
    ("steadfast-delivery", "clock backoff ratelimit breaker telemetry cache pool"),
    ("steadfast-cli", "clock backoff ratelimit breaker telemetry cache pool providers delivery testkit"),
    ("steadfast", "clock backoff ratelimit breaker telemetry cache pool providers delivery testkit"),
    ("xtask", ""),
];

/// The members that have a program. The first is the product, the second is this one.
pub(crate) const PROGRAMS: [&str; 2] = ["steadfast-cli", "xtask"];

/// The one member that is not published.
pub(crate) const UNPUBLISHED: &str = "xtask";

/// Files of every published crate.
pub(crate) const FILES: [&str; 6] =
    ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "examples/quickstart.rs", "tests/it/main.rs"];

/// The licence of every member.
pub(crate) const LICENSE: &str = "MIT OR Apache-2.0";

/// Categories of crates.io that fit this family. The registry refuses a name it does not know, but a dry run does not.
pub(crate) const CATEGORIES: [&str; 16] = [
    "algorithms",
    "api-bindings",
    "asynchronous",
    "caching",
    "command-line-utilities",
    "concurrency",
    "data-structures",
    "date-and-time",
    "development-tools::profiling",
    "development-tools::testing",
    "embedded",
    "network-programming",
    "no-std",
    "simulation",
    "web-programming",
    "web-programming::http-client",
];

/// Folders that may read the system clock: the clock itself, and the tools that stand outside the product.
pub(crate) const READS_THE_CLOCK: [&str; 3] = ["clock/", "xtask/", "bench/"];

/// What reads the system clock. The types alone do not: the time of a file is a `SystemTime`, too.
pub(crate) const SYSTEM_CLOCK: [&str; 2] = ["Instant::now", "SystemTime::now"];

/// Lines that no source file exceeds.
pub(crate) const CEILING: usize = 500;
