//! The generator behind jitter.

use std::collections::HashSet;

use steadfast_backoff::{Entropy, entropy};

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let draw = |seed| {
        let mut source = Entropy::from_seed(seed);
        [source.next(), source.next(), source.next()]
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn every_generator_and_thread_has_numbers_of_its_own() {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        assert!(seen.insert(Entropy::default().next()));
        assert!(seen.insert(entropy()));
        assert!(seen.insert(std::thread::spawn(entropy).join().unwrap()));
    }
}

#[test]
fn state_is_not_shown() {
    assert_eq!(format!("{:?}", Entropy::from_seed(1)), "Entropy { .. }");
}
