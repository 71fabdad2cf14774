//! Policies, budgets, rules and quotas in configuration files.

#![cfg_attr(feature = "libfuzzer", no_main)]

steadfast_fuzz::program!(steadfast_fuzz::settings::check);
