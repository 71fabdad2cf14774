//! Reading fields that an answer can do without.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{Error as Unfit, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A value that does not fit is as good as missing: an odd field must not cost the answer.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    deserializer.deserialize_any(Lenient(PhantomData))
}

/// As [`lenient`], for records whose fields are all lenient: nothing in one can be wrong, so that it is read in place.
pub(crate) fn lenient_record<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(InPlace(PhantomData))
}

struct Lenient<T>(PhantomData<T>);

impl<T: DeserializeOwned> Lenient<T> {
    fn fitting<'a>(value: impl IntoDeserializer<'a, Unfit>) -> Option<T> {
        T::deserialize(value.into_deserializer()).ok()
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Lenient<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<T>, E> {
        Ok(Self::fitting(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<T>, E> {
        Ok(Self::fitting(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<T>, E> {
        Ok(Self::fitting(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<T>, E> {
        Ok(Self::fitting(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<T>, E> {
        Ok(Self::fitting(value))
    }

    // What does not fit is found out too late to go on, unless all of it was taken in before.
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Option<T>, A::Error> {
        Ok(serde_json::from_value(Value::deserialize(SeqAccessDeserializer::new(seq))?).ok())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        Ok(serde_json::from_value(Value::deserialize(MapAccessDeserializer::new(map))?).ok())
    }
}

struct InPlace<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InPlace<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Fields {
        #[serde(default, deserialize_with = "lenient")]
        number: Option<u64>,
        #[serde(default, deserialize_with = "lenient")]
        text: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        list: Option<Vec<u8>>,
        #[serde(default, deserialize_with = "lenient")]
        strict: Option<Strict>,
        #[serde(default, deserialize_with = "lenient_record")]
        record: Option<Record>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Strict {
        needed: bool,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Record {
        #[serde(default, deserialize_with = "lenient")]
        number: Option<u64>,
    }

    fn check(json: &str, number: Option<u64>, text: Option<&str>, list: Option<&[u8]>, strict: Option<bool>) {
        let read: Fields = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!((read.number, read.text.as_deref(), read.list.as_deref()), (number, text, list), "{json}");
        assert_eq!(read.strict.map(|strict| strict.needed), strict, "{json}");
        // The same where the field was put aside first.
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::from_value::<Fields>(value).unwrap().number, number, "{json}");
    }

    #[test]
    fn what_fits_is_read() {
        let json = r#"{"number": 7, "text": "a\nb", "list": [1, 2], "strict": {"needed": true, "more": 1}}"#;
        check(json, Some(7), Some("a\nb"), Some(&[1, 2]), Some(true));
    }

    #[test]
    fn what_does_not_fit_is_as_good_as_missing() {
        check("{}", None, None, None, None);
        check(r#"{"number": null, "text": null, "list": null, "strict": null}"#, None, None, None, None);
        check(r#"{"number": "7", "text": 7, "list": {"a": []}, "strict": {"needed": 1}}"#, None, None, None, None);
        check(r#"{"number": -1, "text": [[]], "list": [300], "strict": true}"#, None, None, None, None);
        check(r#"{"number": 1.5, "text": {"a": {}}, "list": 1.5, "strict": "x"}"#, None, None, None, None);
    }

    #[test]
    fn a_record_is_read_in_place() {
        let record = |json: &str| serde_json::from_str::<Fields>(json).unwrap().record;
        assert_eq!(record(r#"{"record": {"number": 7, "more": [1]}}"#), Some(Record { number: Some(7) }));
        assert_eq!(record(r#"{"record": {"number": "x"}}"#), Some(Record { number: None }));
        for odd in ["null", "true", "-1", "1", "1.5", r#""x""#, r#"[{"number": 7}, []]"#] {
            assert_eq!(record(&format!(r#"{{"record": {odd}}}"#)), None, "{odd}");
        }
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        assert!(serde_json::from_str::<Fields>(r#"{"strict": {"needed": tru}}"#).is_err());
        assert!(serde_json::from_str::<Fields>(r#"{"record": [1"#).is_err());
    }
}
