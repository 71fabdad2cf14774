//! Streamed answers of Responses.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::streams::responses);
