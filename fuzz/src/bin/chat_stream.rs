//! Streamed answers of Chat Completions.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::streams::chat);
