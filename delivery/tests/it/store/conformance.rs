//! What every store does alike.

mod commits;
mod fleet;
mod leases;
mod rollouts;

use std::sync::Arc;

#[cfg(feature = "sqlite")]
use steadfast_delivery::SqliteStore;
use steadfast_delivery::{Error, ErrorKind, MemoryStore, RolloutStatus, Store};

/// Runs each check on each store.
macro_rules! suite {
    ($($topic:ident: $($check:ident)*;)*) => {
        mod memory {
            $($(
                #[tokio::test]
                async fn $check() {
                    super::$topic::$check(std::sync::Arc::new(super::MemoryStore::new())).await;
                }
            )*)*
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $($(
                #[tokio::test]
                async fn $check() {
                    let folder = crate::store::kit::scratch();
                    let store = super::SqliteStore::open(folder.path().join("rollouts.db")).await.unwrap();
                    super::$topic::$check(std::sync::Arc::new(store)).await;
                }
            )*)*
        }
    };
}

suite! {
    rollouts:
        a_new_rollout_is_all_pending
        an_id_is_given_once
        what_is_not_there_is_not_found
        the_latest_rollout_comes_first
        late_joiners_come_last
        commands_wait_for_whoever_drives
        every_write_is_another_version
        a_rollout_goes_on;
    leases:
        one_driver_at_a_time
        a_lease_that_is_over_or_given_back_is_anybodys
        who_lost_the_lease_writes_nothing
        a_driver_that_died_here_is_replaced_at_once;
    commits:
        states_and_events_are_written_together
        events_are_numbered_without_gaps
        a_device_leaves_the_state_it_is_in
        what_the_last_change_says_is_what_is_kept
        failures_stay_in_the_log_after_a_retry
        outcomes_are_told_in_pages;
    fleet:
        an_import_adds_and_replaces
        the_inventory_is_read_in_pages
        heartbeats_bring_devices_online
        only_the_newest_heartbeats_are_kept;
}

type Shared = Arc<dyn Store>;

async fn status(store: &dyn Store, id: &str) -> RolloutStatus {
    store.rollout(id).await.unwrap().unwrap().status
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}
