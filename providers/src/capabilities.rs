//! What a provider can do.

/// What a provider can do, as far as it is known before it is asked. A model may be able to do less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Capabilities {
    /// It reads images.
    pub images: bool,
    /// It calls tools.
    pub tools: bool,
    /// It answers in JSON that fits a schema.
    pub schemas: bool,
    /// It tells what it thought.
    pub reasoning: bool,
    /// It goes on with an answer that another one began ([`Role::Assistant`](crate::Role::Assistant) last).
    pub continues: bool,
    /// [`Provider::embed`](crate::Provider::embed) has an endpoint.
    pub embeds: bool,
    /// [`Provider::count_tokens`](crate::Provider::count_tokens) has an endpoint.
    pub counts_tokens: bool,
    /// [`Provider::models`](crate::Provider::models) has an endpoint.
    pub lists_models: bool,
}
