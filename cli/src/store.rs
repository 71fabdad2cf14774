//! Where rollouts and the fleet are kept, and what is said when they are not there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use steadfast_delivery::{Error, ErrorKind, Holder, RolloutRecord, SqliteStore, Store};

use crate::exit::Failure;
use crate::when::now_ms;

#[derive(clap::Args, Clone, Debug)]
pub(crate) struct StoreArgs {
    /// The file in which rollouts and the fleet are kept. Default: STEADFAST_STORE, then `steadfast/rollouts.db` in the
    /// user's folder for data.
    #[arg(long, value_name = "PATH")]
    pub(crate) store: Option<PathBuf>,
}

/// The variable that stands in for `--store`.
const VARIABLE: &str = "STEADFAST_STORE";

/// The name of the file in the user's folder.
const FILE: &str = "rollouts.db";

impl StoreArgs {
    /// Opens the store, which is made if it is not there.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        let (path, is_ours) = self.path()?;
        open(&path, is_ours).await
    }

    /// Opens the store; `None` when nothing was ever kept in it.
    pub(crate) async fn existing(&self) -> Result<Option<Arc<dyn Store>>, Failure> {
        let (path, is_ours) = self.path()?;
        match path.try_exists() {
            Ok(false) if is_ours => Ok(None),
            Ok(false) => Err(Failure::usage(format!("--store: there is no file {}", path.display()))),
            _ => open(&path, is_ours).await.map(Some),
        }
    }

    /// The option as it is written again in advice, with a space before it.
    pub(crate) fn again(&self) -> String {
        self.store.as_ref().map_or_else(String::new, |path| format!(" --store {}", path.display()))
    }

    /// The path, and whether it is our own choice.
    fn path(&self) -> Result<(PathBuf, bool), Failure> {
        if let Some(path) = &self.store {
            return Ok((path.clone(), false));
        }
        if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Ok((PathBuf::from(path), true));
        }
        let folders = choose_native_strategy().map_err(|error| {
            Failure::usage(format!("cannot tell the user's folder for data ({error}): give --store"))
        })?;
        Ok((folders.data_dir().join("steadfast").join(FILE), true))
    }
}

async fn open(path: &Path, make_folder: bool) -> Result<Arc<dyn Store>, Failure> {
    match SqliteStore::builder(path).make_folder(make_folder).open().await {
        Ok(store) => Ok(Arc::new(store)),
        // Another file is meant, or another version of the command.
        Err(error) if error.kind() == ErrorKind::Store => Err(Failure::usage(error.to_string())),
        Err(error) => Err(told(&error)),
    }
}

/// An error of the library as the command ends with it.
pub(crate) fn told(error: &Error) -> Failure {
    match error.kind() {
        ErrorKind::Store | ErrorKind::Busy | ErrorKind::Driven | ErrorKind::LeaseLost => {
            Failure::work(error.to_string())
        }
        _ => Failure::usage(error.to_string()),
    }
}

/// The rollout of this id, or the latest one; what is there instead, if there is none.
pub(crate) async fn rollout(store: Option<&dyn Store>, id: Option<&str>) -> Result<RolloutRecord, Failure> {
    let Some(store) = store else { return Err(unknown(id, &[])) };
    if let Some(id) = id {
        if let Some(record) = store.rollout(id).await.map_err(|error| told(&error))? {
            return Ok(record);
        }
    }
    let mut all = store.rollouts().await.map_err(|error| told(&error))?;
    if id.is_none() && !all.is_empty() {
        return Ok(all.swap_remove(0));
    }
    let ids: Vec<&str> = all.iter().map(|record| &*record.id).collect();
    Err(unknown(id, &ids))
}

/// How many ids are told in place of an unknown one.
const NEAREST: usize = 3;

fn unknown(id: Option<&str>, ids: &[&str]) -> Failure {
    let Some(id) = id else { return Failure::usage("there is no rollout yet: `steadfast rollout run` starts one") };
    let instead = match nearest(id, ids) {
        _ if ids.is_empty() => String::from("there is none yet"),
        near if near.is_empty() => String::from("`steadfast rollout list` has them"),
        near => format!("the nearest are {}", near.join(", ")),
    };
    Failure::usage(format!("there is no rollout `{id}`: {instead}"))
}

/// Those that are most like it, the nearest first.
pub(crate) fn nearest(id: &str, ids: &[&str]) -> Vec<String> {
    let mut near: Vec<(f64, &str)> = ids
        .iter()
        .map(|known| (strsim::jaro_winkler(id, known), *known))
        .filter(|(alike, known)| *alike > 0.7 || known.contains(id) || id.contains(known))
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter().take(NEAREST).map(|(_, id)| format!("`{id}`")).collect()
}

/// Who drives a rollout, if anybody does.
pub(crate) fn driver(record: &RolloutRecord) -> Option<&Holder> {
    let (holder, until_ms) = record.driver.as_ref()?;
    (*until_ms > now_ms() && !holder.is_dead()).then_some(holder)
}

/// `host (process 123)`.
pub(crate) fn who(holder: &Holder) -> String {
    format!("{} (process {})", holder.host, holder.pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_told_first() {
        let ids = ["till-2.1", "till-2.2", "gateway", "till-2.1-rollback"];
        assert_eq!(nearest("till-21", &ids)[0], "`till-2.1`");
        assert_eq!(nearest("till", &ids).len(), 3);
        assert!(nearest("zzz", &ids).is_empty());
        let told = |id, ids: &[&str]| unknown(id, ids).message.unwrap();
        assert_eq!(told(Some("gatewey"), &ids), "there is no rollout `gatewey`: the nearest are `gateway`");
        assert_eq!(told(Some("zzz"), &ids), "there is no rollout `zzz`: `steadfast rollout list` has them");
        assert_eq!(told(Some("a"), &[]), "there is no rollout `a`: there is none yet");
        assert!(told(None, &[]).contains("no rollout yet"));
    }
}
