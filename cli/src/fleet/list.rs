//! `steadfast fleet list`.

use std::io::Write;
use std::time::Duration;

use steadfast_delivery::{Device, Filter, Store};

use crate::exit::Failure;
use crate::store::{StoreArgs, told};
use crate::when::{age, now_ms};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Only the devices that match, such as 'tag.region=eu,status=online,firmware<2.0.0'.
    #[arg(long, value_name = "FILTER", value_parser = filter)]
    filter: Option<Filter>,
    /// Print one JSON object a line: the records as an inventory has them.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

fn filter(text: &str) -> Result<Filter, String> {
    text.parse().map_err(|error: steadfast_delivery::Error| error.to_string())
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Some(store) = args.store.existing().await? else { return Ok(()) };
    let filter = args.filter.unwrap_or_default();
    let mut stdout = std::io::stdout().lock();
    for device in selected(&*store, &filter).await? {
        if args.json {
            let line = serde_json::to_string(&device).map_err(|error| Failure::work(error.to_string()))?;
            writeln!(stdout, "{line}")?;
        } else {
            writeln!(stdout, "{}", line(&device))?;
        }
    }
    Ok(())
}

/// How many devices are read at a time.
const PAGE: usize = 10_000;

/// The devices of the fleet that a filter selects, in the order of their ids.
pub(crate) async fn selected(store: &dyn Store, filter: &Filter) -> Result<Vec<Device>, Failure> {
    let skip = usize::try_from(filter.offset).unwrap_or(usize::MAX);
    let most = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let (mut found, mut passed, mut after) = (Vec::new(), 0, None::<String>);
    loop {
        let page = store.devices(after.as_deref(), PAGE).await.map_err(|error| told(&error))?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id().to_owned());
        for device in page.into_iter().filter(|device| filter.matches(device)) {
            if found.len() == most {
                return Ok(found);
            }
            if passed < skip {
                passed += 1;
            } else {
                found.push(device);
            }
        }
    }
}

/// `till-7  online  1.4.0  http://10.0.0.7  Berlin  region=eu  seen 3 min ago`.
fn line(device: &Device) -> String {
    let mut words = vec![
        device.id().to_owned(),
        device.status.as_str().to_owned(),
        device.firmware_version.clone().unwrap_or_else(|| String::from("-")),
        device.address().to_string(),
    ];
    words.extend(device.location.clone());
    words.extend(device.tags.iter().map(|(name, value)| format!("{name}={value}")));
    if let Some(seen) = device.last_seen {
        let ago = now_ms().saturating_sub(seen.as_nanos() / 1_000_000);
        words.push(format!("seen {} ago", age(Duration::from_millis(ago))));
    }
    words.join("  ")
}
