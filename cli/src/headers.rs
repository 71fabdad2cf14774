//! Headers given on the command line. Secrets come from the environment, never from an argument.

use http::{HeaderName, HeaderValue};

use crate::exit::Failure;

/// Headers that carry credentials: their values have no place in a list of processes.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

/// The headers of `Name: value` lines, and of `NAME=VARIABLE` ones whose values are secret.
pub(crate) fn read(plain: &[String], secret: &[String]) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let plain = plain.iter().map(|text| self::plain(text));
    let secret = secret.iter().map(|text| self::secret(text));
    plain.chain(secret).collect()
}

fn plain(text: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let (name, value) =
        text.split_once(':').ok_or_else(|| Failure::usage("--header: no colon in it: give it as 'Name: value'"))?;
    let name = parse_name("--header", name)?;
    if CREDENTIALS.contains(&name.as_str()) {
        let message =
            format!("--header: {name} is a credential: put it in a variable and give --header-env {name}=VARIABLE");
        return Err(Failure::usage(message));
    }
    let value = HeaderValue::from_str(value.trim()).map_err(|_| {
        Failure::usage(format!("--header: the value of {name} holds characters that no header may have"))
    })?;
    Ok((name, value))
}

fn secret(text: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let (name, variable) =
        text.split_once('=').ok_or_else(|| Failure::usage("--header-env: no `=` in it: give it as NAME=VARIABLE"))?;
    let name = parse_name("--header-env", name)?;
    let value = std::env::var(variable).map_err(|_| {
        Failure::usage(format!("--header-env: the environment variable {variable} is not set (or not text)"))
    })?;
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| {
        Failure::usage(format!("--header-env: the value in {variable} holds characters that no header may have"))
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn parse_name(option: &str, name: &str) -> Result<HeaderName, Failure> {
    name.trim().parse().map_err(|_| Failure::usage(format!("{option}: `{}` is not a header name", name.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_taken_from_arguments() {
        for text in ["Authorization: Bearer x-canary", "x-api-key: x-canary", "COOKIE: x-canary", "x-canary"] {
            let failure = plain(text).unwrap_err();
            assert_eq!(failure.code, 2);
            assert!(!failure.message.unwrap().contains("canary"));
        }
        let (name, value) = plain("X-Site:  Paris ").unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-site", "Paris"));
        assert!(secret("X-Token=SURELY_NOT_SET_ANYWHERE").is_err());
    }
}
