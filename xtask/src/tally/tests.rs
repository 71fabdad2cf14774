//! Closing lines of recorded output.

use super::*;

fn after(output: &str, succeeded: bool) -> (String, bool) {
    let mut tally = Tally::default();
    for line in output.lines() {
        tally.read(line);
    }
    let complaint = tally.close(succeeded);
    (tally.to_string(), complaint.is_some())
}

#[test]
fn results_add_up_over_binaries() {
    let output = "running 3 tests\ntest a ... ok\n\
        test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.00s\n\
        running 1 test\n\
        test result: FAILED. 10 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
    assert_eq!(after(output, false), ("13 passed, 1 failed".into(), false));
}

#[test]
fn a_binary_that_dies_is_a_failure() {
    let output = "running 3 tests\nrunning 1 test\ntest result: ok. 1 passed; 0 failed\n";
    assert_eq!(after(output, false), ("1 passed, 1 failed".into(), true));
}

#[test]
fn a_build_that_fails_is_a_failure() {
    assert_eq!(after("", false), ("0 passed, 1 failed".into(), true));
    assert_eq!(after("", true), ("0 passed, 0 failed".into(), false));
}

#[test]
fn colours_do_not_hide_a_result() {
    let output = "running 2 tests\ntest result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 2 passed; 0 failed\n";
    assert_eq!(after(output, true), ("2 passed, 0 failed".into(), false));
}

#[test]
fn what_a_test_prints_is_not_a_result() {
    let output = "running 2 tests\n---- a stdout ----\ntest result: ok. 5 passed; 0 failed\n\
        test result: FAILED. 1 passed; 1 failed\n";
    assert_eq!(after(output, false), ("1 passed, 1 failed".into(), false));
    assert_eq!(after("  test result: ok. 5 passed\nrunning late\n", true), ("0 passed, 0 failed".into(), false));
}
