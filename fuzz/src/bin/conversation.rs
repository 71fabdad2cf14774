//! Saved conversations, and the arguments of tools.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::conversation::check);
