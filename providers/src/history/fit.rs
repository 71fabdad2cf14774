//! Which messages of a conversation stay when there is not room for all. Arithmetic over what they are and what they take.

use std::collections::{BTreeMap, HashMap};

use crate::{Message, Part, Role};

/// What stays.
pub(super) struct Fit {
    /// Of each message, whether it stays.
    pub(super) stays: Vec<bool>,
    /// What those that stay take.
    pub(super) tokens: u64,
    pub(super) fits: bool,
}

/// Leaves out whole turns, the oldest first, and then steps of the last one, until the rest is within the budget.
pub(super) fn fit(messages: &[Message], costs: &[u64], budget: u64) -> Fit {
    let bound = bound(messages);
    let (groups, pinned) = (groups(messages, &bound), pinned(messages, &bound));
    let mut stays = vec![true; messages.len()];
    let mut tokens: u128 = costs.iter().map(|cost| u128::from(*cost)).sum();
    for group in groups.values() {
        if tokens <= u128::from(budget) {
            break;
        }
        for i in group.iter().copied().filter(|i| !pinned[*i]) {
            stays[i] = false;
            tokens -= u128::from(costs[i]);
        }
    }
    Fit { stays, tokens: u64::try_from(tokens).unwrap_or(u64::MAX), fits: tokens <= u128::from(budget) }
}

fn is_system(message: &Message) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// Whether it is the user who says something, and not a tool.
fn is_question(message: &Message) -> bool {
    message.role == Role::User && !message.parts.iter().any(|part| matches!(part, Part::ToolResult(_)))
}

/// Of each message, the first one that it stands or falls with: calls of tools and their results.
fn bound(messages: &[Message]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..messages.len()).collect();
    let mut called: HashMap<&str, usize> = HashMap::new();
    for (i, message) in messages.iter().enumerate() {
        for part in &message.parts {
            match part {
                Part::ToolCall(call) => drop(called.insert(&call.id, i)),
                Part::ToolResult(result) => {
                    if let Some(caller) = called.get(&*result.call_id) {
                        let (a, b) = (root(&first, *caller), root(&first, i));
                        first[a.max(b)] = a.min(b);
                    }
                }
                _ => {}
            }
        }
    }
    (0..messages.len()).map(|i| root(&first, i)).collect()
}

fn root(first: &[usize], mut i: usize) -> usize {
    while first[i] != i {
        i = first[i];
    }
    i
}

/// Which messages always stay.
fn pinned(messages: &[Message], bound: &[usize]) -> Vec<bool> {
    let newest = bound.last().copied();
    let question = messages.iter().rposition(is_question).map(|i| bound[i]);
    let pinned = |(i, message)| is_system(message) || newest == Some(bound[i]) || question == Some(bound[i]);
    messages.iter().enumerate().map(pinned).collect()
}

/// What is left out at once, by its first message: all of a turn, and within the last turn what is bound together.
fn groups(messages: &[Message], bound: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let last = messages.iter().rposition(is_question).unwrap_or_default();
    let mut turn = 0;
    let turns: Vec<usize> = (0..messages.len())
        .map(|i| {
            if is_question(&messages[i]) {
                turn = i;
            }
            turn
        })
        .collect();
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, first) in bound.iter().enumerate() {
        let group = if *first < last { turns[*first] } else { *first };
        groups.entry(group).or_default().push(i);
    }
    groups
}
