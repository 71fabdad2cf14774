//! The laws of the keys of requests.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value};
use steadfast_cache::{CacheKey, Normalise, Part, PromptKey};

/// A request as plain data. Two of them mean the same when they are equal in their canonical form.
#[derive(Clone, Debug, PartialEq)]
struct Request {
    names: [String; 2],
    texts: Vec<(u8, String)>,
    messages: Vec<(String, Vec<Piece>)>,
    members: Vec<(String, Value)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Bytes(String, Vec<u8>),
    Url(String),
    Call(String, String, Value),
    Told(String, String),
    Json(String, Value),
}

impl Piece {
    fn part(&self) -> Part<'_> {
        match self {
            Self::Text(text) => Part::text(text),
            Self::Bytes(media_type, bytes) => Part::bytes(media_type, bytes),
            Self::Url(url) => Part::url(url),
            Self::Call(id, name, arguments) => Part::tool_call(id, name, arguments),
            Self::Told(id, text) => Part::tool_result(id, text),
            Self::Json(kind, value) => Part::json(kind, value),
        }
    }
}

impl Request {
    /// The request told with its fields in some order: messages and texts between the members.
    fn key(&self, mixed: bool) -> PromptKey {
        let mut key = PromptKey::new(&self.names[0], &self.names[1]);
        let (first, last) = self.members.split_at(if mixed { self.members.len() / 2 } else { 0 });
        key = first.iter().fold(key, |key, (name, value)| key.json(name, value));
        for (kind, text) in &self.texts {
            key = match kind {
                0 => key.system(text),
                1 => key.scope(text),
                _ => key.api_version(text),
            };
        }
        for (role, pieces) in &self.messages {
            key = key.message_of(role, pieces.iter().map(Piece::part));
        }
        last.iter().fold(key, |key, (name, value)| key.param(name, value.clone()))
    }

    /// Members sorted by name, texts by kind; what has the same name stays in order.
    fn canonical(&self) -> Self {
        let mut this = self.clone();
        this.texts.sort_by_key(|(kind, _)| *kind);
        this.members.sort_by(|a, b| a.0.cmp(&b.0));
        this
    }
}

/// So few texts that equal ones, and different ones with equal concatenations, are met often.
fn text() -> impl Strategy<Value = String> {
    "[ab\0]{0,2}"
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2i64..3).prop_map(Value::from),
        prop::sample::select(vec![0.0, 1.0, -1.5, 0.1]).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(text(), inner, 0..3).prop_map(|map| Value::from(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        4 => text().prop_map(Piece::Text),
        1 => (text(), vec(0u8..2, 0..2)).prop_map(|(media_type, bytes)| Piece::Bytes(media_type, bytes)),
        1 => text().prop_map(Piece::Url),
        1 => (text(), text(), json()).prop_map(|(id, name, arguments)| Piece::Call(id, name, arguments)),
        1 => (text(), text()).prop_map(|(id, text)| Piece::Told(id, text)),
        1 => (text(), json()).prop_map(|(kind, value)| Piece::Json(kind, value)),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let texts = vec((0u8..3, text()), 0..3);
    let messages = vec((text(), vec(piece(), 0..3)), 0..3);
    let members = vec((text(), json()), 0..4);
    (text(), text(), texts, messages, members).prop_map(|(a, b, texts, messages, members)| Request {
        names: [a, b],
        texts,
        messages,
        members,
    })
}

/// The same request with one thing done to it that may or may not matter.
fn edited(mut request: Request, edit: u8, other: Request) -> Request {
    match edit {
        0 => {}
        1 => request.members.reverse(),
        2 => request.members.extend(other.members),
        3 => request.messages.reverse(),
        4 => request.messages.extend(other.messages),
        5 => request.texts.reverse(),
        6 => request.texts.extend(other.texts),
        7 => request.names.swap(0, 1),
        8 => {
            // The same letters, cut elsewhere.
            let all = request.names.concat();
            request.names = [String::new(), all];
        }
        9 => {
            if let Some((role, pieces)) = request.messages.pop() {
                request.messages.extend(pieces.into_iter().map(|piece| (role.clone(), vec![piece])));
            }
        }
        10 => drop(request.members.pop()),
        11 => {
            if let Some((name, value)) = request.members.pop() {
                request.members.push((name, Value::from(value.to_string())));
            }
        }
        _ => return other,
    }
    request
}

/// The same value with the members of its objects put in from the last to the first.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(reversed).collect(),
        Value::Object(members) => Value::from(
            members.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect::<Map<_, _>>(),
        ),
        leaf => leaf.clone(),
    }
}

fn ask(normalise: &Normalise, system: Option<&String>, text: &str) -> CacheKey {
    let key = PromptKey::normalised(normalise, "p", "m");
    system.map_or(key.clone(), |system| key.system(system)).message("user", text).finish()
}

proptest! {
    /// Two requests have the same key exactly when they are the same but for the order of parameters and members.
    #[test]
    fn a_key_stands_for_one_request(one in request(), other in request(), edit in 0u8..13) {
        let two = edited(one.clone(), edit, other);
        prop_assert_eq!(one.key(false).finish() == two.key(true).finish(), one.canonical() == two.canonical());
    }

    /// The same value has the same key however its objects were put together.
    #[test]
    fn the_order_of_members_does_not_count(value in json()) {
        let key = |value: &Value| PromptKey::new("p", "m").json("a", value).finish();
        prop_assert_eq!(key(&value), key(&reversed(&value)));
    }

    /// A value that JSON carries to another process and back has the same key there. Its fractions are those that people
    /// write: `serde_json` reads the last bit of longer ones with its feature `float_roundtrip` alone.
    #[test]
    fn a_key_outlives_its_process(value in json(), digits in any::<i32>(), places in 0i32..10, whole in any::<i64>()) {
        let fraction = f64::from(digits) / 10f64.powi(places);
        let value = Value::from(vec![value, fraction.into(), whole.into(), whole.unsigned_abs().into()]);
        let carried: Value = serde_json::from_str(&value.to_string()).unwrap();
        let key = |value: &Value| PromptKey::new("p", "m").json("a", value).finish();
        prop_assert_eq!(key(&value), key(&carried));
    }

    /// Requests have the same partition exactly when they are the same but for the last text of the user.
    #[test]
    fn a_partition_is_all_but_the_question(
        one in request(), other in request(), edit in 0u8..13, texts in [text(), text()],
    ) {
        let two = edited(one.clone(), edit, other);
        let ask = |request: &Request, text| request.key(true).message("user", text).partition();
        prop_assert_eq!(
            ask(&one, &texts[0]) == ask(&two, &texts[1]),
            one.canonical() == two.canonical(),
        );
        prop_assert_ne!(ask(&one, &texts[0]), Some(two.key(false).finish()));
    }

    /// Normalised texts have the same key exactly when they are equal after the plain definition of each step.
    #[test]
    fn normalising_does_what_it_says(
        texts in ["[a \n\u{2003}]{0,4}", "[a \n\u{2003}]{0,4}"],
        system in option::of("[a ]{0,2}"),
        collapse in any::<bool>(),
        trim in any::<bool>(),
    ) {
        let mut normalise = Normalise::none();
        if collapse {
            normalise = normalise.collapse_whitespace();
        }
        if trim {
            normalise = normalise.trim();
        }
        let plain = |text: &String| {
            let text = if trim { text.trim() } else { text };
            let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
            let mut short = if collapse { spaced } else { text.to_owned() };
            while collapse && short.contains("  ") {
                short = short.replace("  ", " ");
            }
            short
        };
        let key = |text: &String| ask(&normalise, system.as_ref(), text);
        prop_assert_eq!(key(&texts[0]) == key(&texts[1]), plain(&texts[0]) == plain(&texts[1]));
    }

    /// A field that is ignored may have any value, or be absent, and a field that is not still counts.
    #[test]
    fn ignored_fields_do_not_count(one in json(), other in json(), counted in json()) {
        let normalise = Normalise::none().ignore_fields(["user", "/metadata/id"]);
        let key = |ignored: Option<&Value>, counted: &Value| {
            let mut key = PromptKey::normalised(&normalise, "p", "m").json("counted", counted);
            let mut metadata = Map::from_iter([("kept".to_owned(), counted.clone())]);
            if let Some(value) = ignored {
                key = key.json("user", value);
                metadata.insert("id".to_owned(), value.clone());
            }
            key.json("metadata", &metadata.into()).finish()
        };
        prop_assert_eq!(key(Some(&one), &counted), key(Some(&other), &counted));
        prop_assert_eq!(key(Some(&one), &counted), key(None, &counted));
        prop_assert_eq!(key(None, &one) == key(None, &other), one == other);
    }
}
