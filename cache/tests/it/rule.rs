//! Whose answers may be kept, case by case.

use steadfast_cache::{Cacheable, PromptFacts, Rule, Tools, Uncacheable};

const FACTS: PromptFacts = PromptFacts::new();
const COLD: PromptFacts = FACTS.temperature(0.0);

#[track_caller]
fn check(rule: &Rule, facts: PromptFacts, expected: Result<(), Uncacheable>) {
    let expected = expected.map_or_else(Cacheable::No, |()| Cacheable::Yes);
    assert_eq!(rule.judge(&facts), expected, "{rule:?} of {facts:?}");
    assert_eq!(expected.is_yes(), expected == Cacheable::Yes);
}

#[test]
fn by_default_only_the_likeliest_words_are_kept() {
    let rule = Rule::default();
    check(&rule, COLD, Ok(()));
    check(&rule, FACTS.temperature(-0.0), Ok(()));
    check(&rule, FACTS.top_p(0.0), Ok(()));
    check(&rule, FACTS.top_k(1), Ok(()));
    check(&rule, FACTS.temperature(1.0).top_k(1), Ok(()));
    check(&rule, COLD.top_p(1.0).tools(Tools::Pure), Ok(()));
    check(&rule, FACTS, Err(Uncacheable::SamplingUnsaid));
    check(&rule, FACTS.top_p(0.5), Err(Uncacheable::SamplingUnsaid));
    check(&rule, FACTS.temperature(1e-300), Err(Uncacheable::Sampled));
    check(&rule, FACTS.temperature(f64::NAN), Err(Uncacheable::Sampled));
    check(&rule, FACTS.temperature(0.7).seed(7), Err(Uncacheable::Sampled));
    check(&rule, FACTS.seed(7), Err(Uncacheable::SamplingUnsaid));
    check(&rule, COLD.choices(2), Err(Uncacheable::Choices));
    check(&rule, COLD.choices(0), Err(Uncacheable::Choices));
    check(&rule, COLD.tools(Tools::Acting), Err(Uncacheable::Tools));
    check(&rule, COLD.stateful(), Err(Uncacheable::Stateful));
}

#[test]
fn other_rules_are_asked_for_by_name() {
    let hot = FACTS.temperature(2.0).choices(3).tools(Tools::Acting).stateful();
    check(&Rule::everything(), hot, Ok(()));
    check(&Rule::never(), COLD, Err(Uncacheable::Never));
    check(&Rule::seeded(), FACTS.temperature(1.0).seed(7), Ok(()));
    check(&Rule::seeded(), COLD, Ok(()));
    check(&Rule::seeded(), FACTS.temperature(1.0), Err(Uncacheable::Sampled));
    check(&Rule::seeded(), FACTS.seed(7).tools(Tools::Acting), Err(Uncacheable::Tools));
    let few = Rule::custom(|facts| match facts.choices {
        0..=2 => Cacheable::Yes,
        _ => Cacheable::No(Uncacheable::Other("too many")),
    });
    check(&few, FACTS.choices(2), Ok(()));
    check(&few.clone(), FACTS.choices(3), Err(Uncacheable::Other("too many")));
}

#[test]
fn reasons_are_told_in_a_line() {
    assert_eq!(Uncacheable::SamplingUnsaid.to_string(), "no temperature is given, and the vendor's own is not 0");
    assert_eq!(Uncacheable::Other("why").to_string(), "why");
    assert_eq!(format!("{:?}", Rule::custom(|_| Cacheable::Yes)), "Rule::custom");
}
