//! `steadfast fleet import`.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;
use steadfast_delivery::Imported;

use crate::exit::Failure;
use crate::inventory::{self, Located};
use crate::store::{StoreArgs, told};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Inventories: .json, .csv or .toml files with at least `id` and `address` of each device.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Only see whether the files are right; nothing is kept.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object: files, devices, added, changed, unchanged.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    // All files first, so that a wrong one changes nothing.
    let mut devices = Vec::new();
    let mut first: HashMap<String, String> = HashMap::new();
    for path in &args.files {
        for Located { line, device } in inventory::located(path)? {
            let place = format!("{}:{line}", path.display());
            if let Some(before) = first.insert(device.id().to_owned(), place.clone()) {
                let message = format!("{place}: field `id`: device `{}` is there already, in {before}", device.id());
                return Err(Failure::usage(message));
            }
            devices.push(device);
        }
    }
    let (files, total) = (args.files.len(), devices.len());
    let Imported { added, changed, unchanged, .. } = match args.dry_run {
        true => foresee(&args.store, &devices).await?,
        false => args.store.open().await?.import(devices).await.map_err(|error| told(&error))?,
    };
    let mut stdout = std::io::stdout();
    if args.json {
        let object = json!({
            "files": files, "devices": total, "added": added, "changed": changed, "unchanged": unchanged,
            "dry_run": args.dry_run,
        });
        writeln!(stdout, "{object}")?;
        return Ok(());
    }
    let would = if args.dry_run { " (nothing was kept)" } else { "" };
    writeln!(stdout, "{total} devices: {added} added, {changed} changed, {unchanged} unchanged{would}")?;
    Ok(())
}

/// What an import would do.
async fn foresee(store: &StoreArgs, devices: &[steadfast_delivery::Device]) -> Result<Imported, Failure> {
    let mut counts = Imported::default();
    let store = if store.store.as_ref().is_some_and(|path| !path.exists()) { None } else { store.existing().await? };
    for device in devices {
        let known = match &store {
            Some(store) => store.device(device.id()).await.map_err(|error| told(&error))?,
            None => None,
        };
        match known {
            None => counts.added += 1,
            Some(known) if known == *device => counts.unchanged += 1,
            Some(_) => counts.changed += 1,
        }
    }
    Ok(counts)
}
