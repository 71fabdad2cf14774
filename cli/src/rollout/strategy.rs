//! Settings as the strategy that they ask for.

use std::time::Duration;

use steadfast_delivery::{Filter, LateJoiners, SiteCap, Strategy, StrategyKind, WhenOffline, Window, WindowZone, Zone};

use super::settings::{Clocks, Joiners, Kind, Settings};
use crate::exit::Failure;

/// Which devices are meant: the filter, and the words that have options of their own.
fn selection(settings: &Settings) -> Filter {
    let mut filter = settings.filter.as_ref().map_or_else(Filter::new, |filter| filter.0.clone());
    for tag in &settings.tags {
        filter = filter.tag(&tag.0, &tag.1);
    }
    let below = match (&settings.below, settings.strategy) {
        (Some(below), _) => Some(below),
        // What an upgrade is for.
        (None, Some(Kind::FirmwareUpgrade)) if filter.below.is_none() => settings.version.as_ref(),
        (None, _) => None,
    };
    match below {
        Some(below) => filter.below(below.as_str()),
        None => filter,
    }
}

/// The strategy.
pub(super) fn strategy(settings: &Settings) -> Result<Strategy, Failure> {
    let kind = settings.strategy.unwrap_or_else(|| kind(settings));
    let missing = |what: &str| Err(Failure::usage(what));
    match kind {
        Kind::Progressive if settings.phases.is_empty() => {
            return missing(
                "--strategy progressive: give its phases, such as --phase '10%,soak=24h,success>=95%' --phase 100%",
            );
        }
        Kind::Region if settings.tags.is_empty() && settings.filter.is_none() => {
            return missing("--strategy region: give --tag, such as --tag region=eu");
        }
        Kind::FirmwareUpgrade if settings.below.is_none() && settings.version.is_none() => {
            return missing("--strategy firmware-upgrade: give --below, or --version");
        }
        Kind::Window if settings.window.is_none() => {
            return missing("--strategy window: give --window, such as --window '02:00-04:00 mon-fri'");
        }
        _ => {}
    }
    let mut strategy = Strategy::immediate().select(selection(settings));
    strategy.window = window(settings)?;
    strategy.kind = match kind {
        Kind::Immediate => StrategyKind::Immediate,
        Kind::Window => StrategyKind::Window,
        Kind::Progressive => StrategyKind::Progressive,
        Kind::OnConnect => StrategyKind::OnConnect,
        Kind::Region => StrategyKind::Region,
        Kind::FirmwareUpgrade => StrategyKind::FirmwareUpgrade,
    };
    if kind == Kind::OnConnect || settings.probe_every.is_some() {
        strategy = strategy.offline(WhenOffline::Wait);
    }
    if let Some(at) = settings.start_at {
        strategy = strategy.not_before_ms(at.ms);
    }
    if let Some(every) = settings.probe_every {
        strategy = strategy.probe_every(every.0);
    }
    if settings.late_joiners == Some(Joiners::LastPhase) {
        if settings.inventory.is_some() {
            return missing("--late-joiners last-phase is about the fleet in the store: leave --inventory out");
        }
        strategy = strategy.late_joiners(LateJoiners::LastPhase);
    }
    match (&settings.site_tag, settings.site_max) {
        (Some(tag), Some(most)) => strategy = strategy.site_cap(SiteCap::new(tag, most)),
        (None, None) => {}
        _ => return missing("--site-tag and --site-max: each needs the other"),
    }
    let phases = settings.phases.iter().enumerate().map(|(at, phase)| match phase.phase() {
        phase if settings.approve_phases && at > 0 => phase.approval(),
        phase => phase,
    });
    Ok(strategy.phases(phases))
}

fn window(settings: &Settings) -> Result<Option<Window>, Failure> {
    let Settings { timezone, default_timezone, at_window_end, leftover, window_reserve, .. } = settings;
    let Some(window) = settings.window.clone() else {
        let given = [
            ("--timezone", timezone.is_some()),
            ("--default-timezone", default_timezone.is_some()),
            ("--at-window-end", at_window_end.is_some()),
            ("--leftover", leftover.is_some()),
            ("--window-reserve", window_reserve.is_some()),
        ];
        return match given.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(Failure::usage(format!("{option} is about a window: give --window, too"))),
            None => Ok(None),
        };
    };
    let zone = match (timezone, default_timezone) {
        (Some(Clocks::Zone(_)), Some(_)) => {
            return Err(Failure::usage("--default-timezone has no meaning where one zone counts for all devices"));
        }
        (Some(Clocks::Zone(zone)), None) => WindowZone::Fixed(zone.clone()),
        (_, otherwise) => WindowZone::Device { otherwise: otherwise.clone().unwrap_or_else(Zone::utc) },
    };
    let window = window
        .zone(zone)
        .at_end(at_window_end.unwrap_or_default())
        .leftover(leftover.unwrap_or_default())
        .reserve(window_reserve.map_or(Duration::ZERO, |span| span.0));
    Ok(Some(window))
}

/// What the options ask for without saying its name.
fn kind(settings: &Settings) -> Kind {
    match settings {
        Settings { phases, .. } if !phases.is_empty() => Kind::Progressive,
        Settings { window: Some(_), .. } => Kind::Window,
        Settings { below: Some(_), .. } => Kind::FirmwareUpgrade,
        Settings { tags, .. } if !tags.is_empty() => Kind::Region,
        _ => Kind::Immediate,
    }
}
