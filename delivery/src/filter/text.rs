//! The text of a filter: `tag.region=eu,status=online,firmware<2.0.0`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::Filter;
use crate::device::DeviceStatus;
use crate::error::{Error, ErrorKind};
use crate::rfc3339;
use crate::version::Version;

const KEYS: &str = "id, status, location, tag.NAME, firmware, seen, limit, offset";

/// A value, in quotes where it must be.
pub(super) struct Value<'a>(pub(super) &'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let special = |c: char| c.is_control() || matches!(c, ',' | '|' | '"' | '=' | '<' | '>');
        if !self.0.is_empty() && self.0.trim() == self.0 && !self.0.contains(special) {
            return f.write_str(self.0);
        }
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// `tag.region`.
pub(super) fn tag(name: &str) -> String {
    format!("tag.{}", Value(name))
}

/// `key=a|b`.
pub(super) fn list<S: AsRef<str>>(key: &str, values: impl IntoIterator<Item = S>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| Value(value.as_ref()).to_string()).collect();
    format!("{key}={}", values.join("|"))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clauses = Vec::new();
        if !self.ids.is_empty() {
            clauses.push(list("id", &self.ids));
        }
        if !self.status.is_empty() {
            clauses.push(list("status", self.status.iter().map(|status| status.as_str())));
        }
        if !self.location.is_empty() {
            clauses.push(list("location", &self.location));
        }
        for (name, patterns) in &self.tags {
            // Any value will do.
            let any = [String::from("*")];
            clauses.push(list(&tag(name), if patterns.is_empty() { &any } else { &patterns[..] }));
        }
        clauses.extend(self.at_least.as_ref().map(|version| format!("firmware>={}", Value(version.as_str()))));
        clauses.extend(self.below.as_ref().map(|version| format!("firmware<{}", Value(version.as_str()))));
        clauses.extend(self.seen_after.map(|at| format!("seen>={}", rfc3339::text(at))));
        clauses.extend(self.seen_before.map(|at| format!("seen<{}", rfc3339::text(at))));
        clauses.extend(self.limit.map(|limit| format!("limit={limit}")));
        if self.offset > 0 {
            clauses.push(format!("offset={}", self.offset));
        }
        f.write_str(&clauses.join(","))
    }
}

impl FromStr for Filter {
    type Err = Error;

    /// Reads a filter's text; an empty one selects all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Filter`] when a clause cannot be read or is given twice.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut filter = Self::new();
        let mut given: Vec<String> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let begin = rest;
            let clause = Clause::read(&mut rest).map_err(|what| refused(begin, &what))?;
            let name = match clause.key.as_str() {
                "firmware" | "seen" => format!("{}{}", clause.key, clause.operator),
                key => format!("{key}{:?}", clause.tag),
            };
            if given.contains(&name) {
                return Err(refused(begin, "it is given twice; several values are separated by `|`"));
            }
            given.push(name);
            clause.apply(&mut filter).map_err(|what| refused(begin, &what))?;
            rest = match rest.strip_prefix(',').map(str::trim_start) {
                Some("") => return Err(refused(begin, "nothing follows the comma")),
                Some(next) => next,
                None => rest,
            };
        }
        Ok(filter)
    }
}

fn refused(clause: &str, what: &str) -> Error {
    const MOST: usize = 60;
    let dots = if clause.chars().count() > MOST { "…" } else { "" };
    let clause: String = clause.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Error::new(ErrorKind::Filter, format!("filter at `{clause}{dots}`: {what}"))
}

struct Clause {
    key: String,
    tag: Option<String>,
    operator: &'static str,
    values: Vec<String>,
}

impl Clause {
    /// Reads up to the comma or the end.
    fn read(rest: &mut &str) -> Result<Self, String> {
        let end = rest.find(|c: char| "=<>.,|\"".contains(c)).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let key = key.trim().to_owned();
        *rest = after;
        let tag = match (key.as_str(), rest.strip_prefix('.')) {
            ("tag", Some(after)) => {
                *rest = after;
                Some(value(rest)?)
            }
            _ => None,
        };
        *rest = rest.trim_start();
        let Some(operator) = [">=", "<=", "=", "<", ">"].into_iter().find(|operator| rest.starts_with(operator)) else {
            return Err(format!("expected KEY=VALUE (keys: {KEYS})"));
        };
        *rest = rest.get(operator.len()..).unwrap_or_default().trim_start();
        let mut values = vec![value(rest)?];
        while let Some(after) = rest.strip_prefix('|') {
            *rest = after.trim_start();
            values.push(value(rest)?);
        }
        match rest.chars().next() {
            None | Some(',') => Ok(Self { key, tag, operator, values }),
            Some(_) => Err(String::from("a value with `=`, `<`, `>`, `|`, `,` or `\"` in it needs double quotes")),
        }
    }

    fn apply(self, filter: &mut Filter) -> Result<(), String> {
        let Self { key, tag, operator, values } = self;
        match (key.as_str(), tag, operator) {
            ("id", _, "=") => filter.ids.extend(values),
            ("status", _, "=") => {
                let read = |value: &String| DeviceStatus::deserialize(StrDeserializer::<ValueError>::new(value));
                let all: Result<Vec<_>, _> = values.iter().map(read).collect();
                filter.status = all.map_err(|error| error.to_string())?;
            }
            ("location", _, "=") => filter.location = values,
            ("tag", Some(name), "=") => {
                filter.tags.insert(name, values);
            }
            ("firmware", _, ">=") => filter.at_least = Some(Version::new(one(values)?)),
            ("firmware", _, "<") => filter.below = Some(Version::new(one(values)?)),
            ("seen", _, ">=") => filter.seen_after = Some(rfc3339::parse(&one(values)?)?),
            ("seen", _, "<") => filter.seen_before = Some(rfc3339::parse(&one(values)?)?),
            ("limit", _, "=") => filter.limit = Some(count(&one(values)?)?),
            ("offset", _, "=") => filter.offset = count(&one(values)?)?,
            ("firmware" | "seen", _, _) => return Err(format!("`{key}` takes `>=` (that or later) and `<` (earlier)")),
            ("id" | "status" | "location" | "tag" | "limit" | "offset", _, _) => {
                return Err(format!(
                    "`{key}` takes `=`{}",
                    if key == "tag" { " and a name: tag.NAME=VALUE" } else { "" }
                ));
            }
            _ => return Err(format!("unknown key `{key}` (keys: {KEYS})")),
        }
        Ok(())
    }
}

/// Takes a value, in quotes or without.
fn value(rest: &mut &str) -> Result<String, String> {
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(|c: char| ",|\"=<>".contains(c)).unwrap_or(rest.len());
        let (value, after) = rest.split_at(end);
        *rest = after;
        let value = value.trim();
        return if value.is_empty() { Err(String::from("a value is missing")) } else { Ok(value.to_owned()) };
    };
    let mut value = String::new();
    let mut left = quoted;
    loop {
        let Some(c) = left.chars().next() else { return Err(String::from("a quote is not closed")) };
        let escaped = (c == '\\').then(|| escape(left)).flatten();
        let (c, len) = escaped.unwrap_or((c, c.len_utf8()));
        let closes = escaped.is_none() && c == '"';
        left = left.get(len..).unwrap_or_default();
        if closes {
            *rest = left.trim_start();
            return Ok(value);
        }
        value.push(c);
    }
}

/// The character that an escape at the beginning of `text` stands for, and the escape's length. A backslash before
/// anything else is one.
fn escape(text: &str) -> Option<(char, usize)> {
    let after = text.strip_prefix('\\')?;
    if let Some(c @ ('"' | '\\')) = after.chars().next() {
        return Some((c, 2));
    }
    let (digits, _) = after.strip_prefix("u{")?.split_once('}')?;
    let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
    Some((c, digits.len() + 4))
}

fn one(mut values: Vec<String>) -> Result<String, String> {
    match (values.pop(), values.is_empty()) {
        (Some(value), true) => Ok(value),
        _ => Err(String::from("it takes one value")),
    }
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no count"))
}
