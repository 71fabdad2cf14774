//! Headers that ask to come back later.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::retry_after::check);
