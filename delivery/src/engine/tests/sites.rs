//! Never more than one of a store's tills.

use std::num::NonZeroU32;

use super::world::Hours;
use super::*;
use crate::engine::Zone;
use crate::record::Command;
use crate::strategy::SiteCap;

fn capped(most: u32) -> Strategy {
    Strategy::immediate().site_cap(SiteCap::new("store", NonZeroU32::new(most).unwrap()))
}

fn of(site: u32) -> Facts {
    Facts { site: Some(site), ..Facts::pending() }
}

#[test]
fn one_at_a_time_and_the_others_in_order() {
    let mut engine = engine(&capped(1), vec![of(0), of(0), of(1), of(0), Facts::pending(), of(1), Facts::pending()]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 2, 4, 6], "those of no site are bounded by nothing");
    assert_eq!(claim(&mut engine, 9, at(0)), [0; 0]);
    assert_eq!(engine.hold(), None, "they wait for each other, not for anything else");
    push(&mut engine, 0, Moved::Succeeded, at(0));
    push(&mut engine, 2, FAILED, at(0));
    assert_eq!(claim(&mut engine, 9, at(0)), [1, 5]);
    push(&mut engine, 1, Moved::Skipped, at(0));
    assert_eq!(claim(&mut engine, 9, at(0)), [3]);
}

#[test]
fn who_is_deferred_holds_no_turn() {
    let mut engine = engine(&capped(2), vec![of(0), of(0), of(0), of(0)]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0, 1]);
    push(&mut engine, 0, Moved::Deferred { due: at(10) }, at(0));
    assert_eq!(claim(&mut engine, 9, at(0)), [2]);
    assert_eq!(claim(&mut engine, 9, at(10)), [0; 0], "its time has come, and nobody's turn is over");
    push(&mut engine, 1, Moved::Succeeded, at(11));
    assert_eq!(claim(&mut engine, 9, at(11)), [3], "who waits longest is first");
    push(&mut engine, 2, Moved::Succeeded, at(12));
    assert_eq!(claim(&mut engine, 9, at(12)), [0]);
}

#[test]
fn a_turn_that_cannot_be_used_is_handed_on() {
    // Zone 0 is open from 0 to 20, zone 1 from 30 to 50.
    let hours = Hours { period: 90, open: 20, last: None, reserve: 0, stops: false, only_first: false };
    let zones = [1, 1, 0, 1, 1];
    let facts = zones.into_iter().map(|zone| Facts { zone: Zone(zone), ..of(0) });
    let mut engine = Engine::new(&capped(1), facts, Some(Box::new(hours)), None, at(35)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(35)), [0]);
    // Zone 0 opens; who was first in the line of the site is closed by then.
    push(&mut engine, 0, Moved::Pending, at(90));
    assert_eq!(claim(&mut engine, 9, at(90)), [2]);
    push(&mut engine, 2, Moved::Succeeded, at(91));
    assert_eq!(claim(&mut engine, 9, at(91)), [0; 0]);
    assert_eq!(claim(&mut engine, 9, at(120)).len(), 1);
}

#[test]
fn a_turn_of_one_that_ends_unclaimed_is_handed_on() {
    // Zone 0 is open from 0 to 20 and never again, zone 1 from 30 to 50.
    let hours = Hours { period: 90, open: 20, last: Some(35), reserve: 0, stops: false, only_first: false };
    let facts = [0, 0, 1].into_iter().map(|zone| Facts { zone: Zone(zone), ..of(0) });
    let mut engine = Engine::new(&capped(1), facts, Some(Box::new(hours)), None, at(0)).unwrap();
    assert_eq!(claim(&mut engine, 9, at(0)), [0]);
    push(&mut engine, 0, Moved::Succeeded, at(15));
    engine.tick(at(20));
    assert_eq!(told(&mut engine), ["[1] failed"]);
    assert_eq!(claim(&mut engine, 9, at(30)), [2]);
}

#[test]
fn a_cancel_empties_the_lines() {
    let mut engine = engine(&capped(1), vec![of(0), of(0), of(0)]);
    assert_eq!(claim(&mut engine, 9, at(0)), [0]);
    engine.command(&Command::Cancel, at(0)).unwrap();
    let expected = ["cancelling: an operator cancelled it", "stop [0] cancelled", "[1, 2] cancelled"];
    assert_eq!(told(&mut engine), expected);
    engine.moved(Place(0), Moved::Cancelled, at(0));
    assert!(engine.is_done());
}
