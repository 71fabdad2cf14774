//! The fault scripts under `examples/` are scripts, and do what their comments say.

use steadfast::testkit::Script;

#[test]
fn the_fault_scripts_are_read() {
    for (text, steps) in
        [(include_str!("../../examples/faults-llm.toml"), 6), (include_str!("../../examples/faults-fleet.toml"), 4)]
    {
        assert_eq!(Script::from_toml(text).unwrap().steps().len(), steps);
    }
}
