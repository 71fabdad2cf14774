//! A program without a standard library that retries, limits and breaks: it brings the allocator and the panic handler
//! itself, and would clash with the standard library's if that came along.

#![no_std]

use core::panic::PanicInfo;
use core::time::Duration;

use linked_list_allocator::LockedHeap;
use steadfast_backoff::{Next, Policy, Retry, Unlimited};
use steadfast_breaker::{Machine, Outcome, Rule};
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Gcra, Quota};

#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

#[panic_handler]
fn halt(_info: &PanicInfo) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// One call at `now`: how long to wait before another one, `None` when it succeeded or is not worth another.
pub fn call(cell: &mut u64, machine: &mut Machine, now: Nanos, entropy: u64) -> Option<Duration> {
    let quota = Quota::per_second(10).ok()?;
    let (next, decision) = Gcra::new(quota).decide(*cell, 1, now);
    *cell = next;
    if !decision.is_allowed() {
        return None;
    }
    let mut retry = Retry::new(now);
    retry.begin();
    let ticket = machine.admit(now).0.ok()?;
    machine.settle(ticket, Outcome::Failure, Duration::ZERO, now);
    match retry.next(&Policy::production(), None, 1, now, None, &Unlimited, entropy) {
        Next::Wait(wait) => Some(wait.delay),
        _ => None,
    }
}

/// The breaker that [`call`] needs.
pub fn breaker() -> Option<Machine> {
    Machine::new(Rule::default()).ok()
}
