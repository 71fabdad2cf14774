//! Fault scripts in TOML.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::script::check);
