//! Prices against sums that were made by hand.

use proptest::prelude::*;

use super::*;

#[test]
fn the_table_can_be_read() {
    let prices = Prices::from_toml(include_str!("prices.toml")).unwrap();
    assert_eq!(&prices, Prices::builtin());
    assert_eq!(prices.as_of(), "2026-11-22");
    for (provider, models) in &prices.models {
        for (model, price) in models {
            let in_order = price.cached_read < price.input && price.input < price.output;
            assert!(in_order && price.cache_write <= price.cache_write_long, "{provider}/{model}");
        }
    }
}

#[test]
fn versions_have_the_price_of_their_name() {
    for (model, expected) in [
        ("gpt-4.1-2025-04-14", Some("gpt-4.1")),
        ("claude-sonnet-4-5-20250929", Some("claude-sonnet-4-5")),
        ("claude-sonnet-4-5@20250929", Some("claude-sonnet-4-5")),
        ("claude-3-5-haiku-latest", Some("claude-3-5-haiku")),
        ("gpt-4o-audio-preview", None),
        ("gpt-4.1-mini", None),
        ("20250929", None),
        ("größe", None),
    ] {
        assert_eq!(family(model), expected, "{model}");
    }
    let prices = Prices::builtin();
    assert_ne!(prices.of("openai", "gpt-4o-mini-2024-07-18"), prices.of("openai", "gpt-4o"));
    assert_eq!(prices.of("openai", "gpt-4o-audio-preview"), None);
    assert_eq!(prices.of("groq", "gpt-4o"), None);
}

#[test]
fn every_token_is_paid_once() {
    let usage = Usage::new(1_000_000, 400_000, 100_000, 200_000, 150_000);
    let cost = |terms: &Terms| Prices::builtin().cost("anthropic", "claude-opus-4-5", &usage, terms);
    // 500,000 at $5, 400,000 at $0.50, 100,000 at $6.25, 200,000 at $25.
    assert_eq!(cost(&Terms::default()).unwrap().to_string(), "$8.325");
    let long = Terms { long_cache: true, ..Terms::default() };
    assert_eq!(cost(&long).unwrap().to_string(), "$8.70");
    for (tier, is_known) in [("standard", true), ("default", true), ("priority", false), ("flex", false)] {
        let terms = Terms { tier: Some(tier.to_owned()), ..Terms::default() };
        assert_eq!(cost(&terms).is_some(), is_known, "{tier}");
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let prices = Prices::builtin();
    let cost = |input| prices.cost("anthropic", "claude-haiku-5-5", &Usage::new(input, 0, 0, 1, 0), &Terms::default());
    assert!(cost(100_000).is_some() && cost(100_001).is_none());
}

#[test]
fn own_prices_come_first() {
    let own = Prices::from_toml(
        "as_of = \"2027-01-01\"\n[openai.\"gpt-5\"]\ninput = 1\noutput = 2\n[acme.small]\ninput = 0\noutput = 0",
    )
    .unwrap();
    let prices = Prices::builtin().clone().with(own);
    assert_eq!(prices.as_of(), "2027-01-01");
    let usage = Usage::new(1_000_000, 500_000, 0, 1_000_000, 0);
    assert_eq!(prices.cost("openai", "gpt-5", &usage, &Terms::default()).unwrap().to_string(), "$3.00");
    assert_eq!(prices.cost("acme", "small", &usage, &Terms::default()), Some(Usd::ZERO));
    assert!(prices.of("openai", "gpt-5-mini").is_some());
    for wrong in ["", "as_of = 5", "as_of = \"x\"\n[a.b]\ninput = -1\noutput = 1", "as_of = \"x\"\n[a.b]\ninput = 1"] {
        assert!(Prices::from_toml(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    /// A cost is the sum of the costs of its tokens: splitting a call changes nothing, and no order of tokens does.
    #[test]
    fn costs_add_up(a in 0u64..1_000_000, b in 0u64..1_000_000, c in 0u64..1_000_000, d in 0u64..1_000_000) {
        let price = Prices::builtin().of("anthropic", "claude-sonnet-4-5").unwrap();
        let whole = price.cost(&Usage::new(a + b + c, b, c, d, 0), false);
        let parts = [
            Usage::new(a, 0, 0, 0, 0),
            Usage::new(b, b, 0, 0, 0),
            Usage::new(c, 0, c, 0, 0),
            Usage::new(0, 0, 0, d, 0),
        ];
        prop_assert_eq!(whole, parts.iter().map(|usage| price.cost(usage, false)).sum());
        prop_assert_eq!(price.cost(&Usage::default(), false), Usd::ZERO);
    }

    /// Any amount is written with all of its digits.
    #[test]
    fn amounts_lose_no_digit(pico in any::<u64>()) {
        let shown = Usd::from_pico(pico).to_string();
        let (dollars, rest) = shown.strip_prefix('$').unwrap().split_once('.').unwrap();
        let read = dollars.parse::<u64>().unwrap() * 1_000_000_000_000 + format!("{rest:0<12}").parse::<u64>().unwrap();
        prop_assert_eq!(read, pico);
    }
}
