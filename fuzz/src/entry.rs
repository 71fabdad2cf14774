//! How a target becomes a program.

/// The program of a target: a function that takes any bytes and panics when something does not hold.
#[cfg(feature = "libfuzzer")]
#[macro_export]
macro_rules! program {
    ($target:path) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $target(data));
    };
}

/// The program of a target: a function that takes any bytes and panics when something does not hold.
#[cfg(not(feature = "libfuzzer"))]
#[macro_export]
macro_rules! program {
    ($target:path) => {
        fn main() -> std::process::ExitCode {
            $crate::plain::run($target)
        }
    };
}
