//! The servers, and the pool that calls them.

use std::num::NonZeroU32;
use std::ops::Range;
use std::time::Duration;

use steadfast_pool::backoff::{Exponential, Jitter, Policy};
use steadfast_pool::breaker::Rule;
use steadfast_pool::ratelimit::Quota;
use steadfast_pool::{ErrorKind, HostConfig, Pool, PoolConfig, Timeouts};
use steadfast_testkit::{Authority, Chaos, ChaosFault, ChaosServer, Handled, Http2, ServerTls, TlsIdentity};

use super::call::{self, Course};
use super::tally::Tally;
use crate::proof::{pause, trusting};
use crate::transports::Make;

const SEED: u64 = 0x5eed;

/// Attempts of a call.
pub(super) const ATTEMPTS: u32 = 4;

/// Two servers that speak HTTP/1.1, one that closes connections as soon as they are idle, and one that speaks HTTP/2.
pub(super) struct Town {
    servers: Vec<ChaosServer>,
    authority: Authority,
    identity: TlsIdentity,
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl Town {
    pub(super) async fn in_chaos() -> Self {
        let authority = Authority::new().unwrap();
        let identity = authority.localhost().unwrap();
        let mut servers = Vec::new();
        for at in 0..4 {
            let chaos = Chaos::seeded(SEED + at);
            let chaos = match at {
                2 => chaos.idle_timeout(ms(4)),
                3 => over_http2(chaos.weight(ChaosFault::Freeze, 5), &identity),
                _ => chaos,
            };
            servers.push(chaos.start().await.unwrap());
        }
        Self { servers, authority, identity }
    }

    /// The same addresses, where all is well.
    pub(super) async fn recovered(self) -> Self {
        let mut servers = Vec::new();
        for (at, server) in self.servers.into_iter().enumerate() {
            let calm = Chaos::calm(SEED).bind(server.addr());
            let calm = if at == 3 { over_http2(calm, &self.identity) } else { calm };
            server.stop().await;
            servers.push(calm.start().await.unwrap());
        }
        Self { servers, ..self }
    }

    /// One pool with everything on.
    pub(super) fn pool(&self, transport: Make) -> Pool {
        let config = trusting(&self.authority)
            .timeouts(Timeouts::default().header(ms(250)).stall(ms(250)).attempt(Some(ms(900))))
            .dial_timeout(ms(1_000))
            .tls_timeout(ms(2_000))
            .acquire_timeout(ms(1_000))
            .keep_alive_interval(Some(ms(90)))
            .keep_alive_timeout(ms(90))
            .max_per_host(some(40))
            .max_idle_per_host(30);
        let schedule = Exponential::builder().base(ms(1)).cap(ms(4)).jitter(Jitter::Full).build().unwrap();
        let host = || {
            let quota = Quota::per_second(100_000).unwrap().burst(1_000).unwrap();
            let rule = Rule::new().consecutive(12).open_for(ms(2)).probes(4).probe_timeout(ms(500));
            HostConfig::new().quota(quota).concurrency(some(60)).breaker(rule)
        };
        let builder = Pool::builder().transport(transport(&config).unwrap()).config(config);
        let builder = builder.retry(Policy::new(schedule, ATTEMPTS).unwrap());
        let hosts = self.servers.iter().map(|server| server.addr().to_string());
        hosts.fold(builder, |builder, name| builder.host(name, host())).build().unwrap()
    }

    pub(super) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url().to_owned()).collect()
    }

    pub(super) fn open(&self) -> u64 {
        self.servers.iter().map(ChaosServer::open_connections).sum()
    }

    /// Requests whose heads came.
    pub(super) fn requests(&self) -> u64 {
        self.servers.iter().map(|server| server.report().requests).sum()
    }

    pub(super) fn more_than_once(&self) -> impl Iterator<Item = (u64, Handled)> {
        self.servers.iter().flat_map(ChaosServer::more_than_once)
    }

    /// Nothing is proved by a fault that did not happen.
    pub(super) fn check_faults(&self, http2: bool) {
        use ChaosFault as F;
        let of_http2 = [F::RefuseStream, F::ResetStream, F::ResetStreamInBody, F::GoAway, F::Freeze];
        for fault in ChaosFault::ALL.into_iter().filter(|fault| http2 || !of_http2.contains(fault)) {
            let met = self.servers.iter().filter_map(|server| server.report().faults.get(&fault).copied()).sum::<u64>();
            assert!(met > 0, "{fault:?}");
        }
    }

    /// Calls each server until its breaker is closed again, with these numbers at most.
    pub(super) async fn revive(&self, pool: &Pool, numbers: Range<u64>) -> Tally {
        let (urls, mut tally) = (self.urls(), Tally::default());
        for at in 0..4 {
            let mut well = 0;
            for n in numbers.clone().filter(|n| n % 4 == at) {
                let ended = call::make(pool, &urls, n, &Course::probe(n)).await;
                tally.note(&ended);
                if ended.succeeded {
                    well += 1;
                } else {
                    assert_eq!(ended.kind, Some(ErrorKind::BreakerOpen), "{at}: {n}");
                    pause(pool.timer(), ms(2)).await;
                }
                if well == 8 {
                    break;
                }
            }
            assert_eq!(well, 8, "the breaker of {at}");
        }
        tally
    }
}

fn over_http2(chaos: Chaos, identity: &TlsIdentity) -> Chaos {
    chaos.tls(ServerTls::new(identity.clone())).http2(Http2::new())
}

fn some(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// The limits of calls to servers that are well.
pub(super) fn patient() -> Timeouts {
    PoolConfig::new().timeouts
}
