//! Answers and URLs on their way through the pool.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::headers::check);
