//! What a router is asked for beside answers: the first of its targets that can gives it.

use std::sync::Arc;

use super::journey::Journey;
use super::rule::Onward;
use super::settings::Core;
use super::{Rule, spot::Spot};
use crate::{BoxFuture, Capabilities, Error, ErrorKind, Provider};

/// Asks the first target that has such a thing, and then only other keys of the same: vectors and counts of another model
/// are no replacement.
pub(super) async fn first_that_can<T>(
    core: Arc<Core>,
    ask: impl Fn(&dyn Provider, bool) -> BoxFuture<'static, Result<T, Error>>,
) -> Result<(T, Journey), Error> {
    let mut journey = Journey::default();
    let mut group = None;
    let mut last: Option<Error> = None;
    for spot in &core.spots {
        if group.is_some_and(|group| group != spot.group) {
            continue;
        }
        let names_model = core.spots.first().is_some_and(|first| first.group == spot.group);
        let error = match ask(&*spot.target.provider, names_model).await {
            Ok(answer) => {
                if let Some(error) = last {
                    journey.leave(error);
                }
                return Ok((answer, journey));
            }
            Err(error) => error,
        };
        if error.kind() == ErrorKind::Unsupported {
            if last.is_none() {
                continue;
            }
            break;
        }
        let moves_on = Rule::of(error.kind()).onward(&error) == Some(Onward::NextKey);
        if let Some(error) = last.replace(error) {
            journey.leave(error);
        }
        if !moves_on {
            break;
        }
        group = Some(spot.group);
    }
    let nobody = || Error::new(ErrorKind::Unsupported, Arc::clone(&core.settings.name), "none of its targets can");
    Err(journey.close(last.unwrap_or_else(nobody)))
}

/// What an answer may need, all of the targets can; what has an endpoint of its own, one of them.
pub(super) fn capabilities(spots: &[Arc<Spot>]) -> Capabilities {
    let each = || spots.iter().map(|spot| (spot.target.provider.capabilities(), spot.continues()));
    let mut all = Capabilities::default();
    all.images = each().all(|(one, _)| one.images);
    all.tools = each().all(|(one, _)| one.tools);
    all.schemas = each().all(|(one, _)| one.schemas);
    all.reasoning = each().all(|(one, _)| one.reasoning);
    all.continues = each().all(|(_, continues)| continues);
    all.embeds = each().any(|(one, _)| one.embeds);
    all.counts_tokens = each().any(|(one, _)| one.counts_tokens);
    all.lists_models = each().any(|(one, _)| one.lists_models);
    all
}
