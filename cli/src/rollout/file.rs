//! Reading a `rollout.toml`: whatever is wrong is told with file, line and field.

use std::path::Path;

use super::settings::Settings;
use crate::exit::Failure;

/// The settings of a file. Paths in it are relative to its folder.
pub(super) fn read(path: &Path) -> Result<Settings, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the plan {}: {error}", path.display())))?;
    let settings =
        parse(&text).map_err(|(line, problem)| Failure::usage(format!("{}:{line}: {problem}", path.display())))?;
    Ok(settings.below(path.parent().unwrap_or(Path::new(""))))
}

fn parse(text: &str) -> Result<Settings, (usize, String)> {
    let line = |error: &toml::de::Error| {
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or(text));
        before.bytes().filter(|&byte| byte == b'\n').count() + 1
    };
    let reader = toml::Deserializer::parse(text).map_err(|error| (line(&error), one_line(error.message())))?;
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let (path, error) = (error.path().to_string(), error.into_inner());
        let message = one_line(error.message());
        // The reader names the field itself where the field is what is wrong.
        match path.trim_matches(['.', '?']) {
            "" => (line(&error), message),
            path if message.starts_with("unknown field") => (line(&error), format!("{message} (at {path})")),
            path => (line(&error), format!("field `{path}`: {message}")),
        }
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_files_are_told_with_line_and_field() {
        for (text, line, expected) in [
            ("artifact = \"a\"\nartefact = \"b\"\n", 2, "unknown field `artefact`"),
            ("\nconcurrency = 0\n", 2, "field `concurrency`: "),
            ("version = 2\n", 1, "field `version`: invalid type: integer `2`, expected a string"),
            ("[[phases]]\nshare = \"10%\"\nsoak = \"24\"\n", 3, "field `phases[0].soak`: `24` is no span of time"),
            ("[[phases]]\nshare = 110\n", 2, "field `phases[0].share`: "),
            ("[[phases]]\nshare = \"10%\"\ngates = [\"success\"]\n", 3, "field `phases[0].gates[0]`: `success` is no"),
            ("[[phases]]\nsoak = \"1h\"\n", 1, "field `phases[0]`: missing field `share`"),
            ("[push]\nupdate = \"/u\"\n", 2, "unknown field `update`"),
            ("[push.headers_env]\nAuthorization = 5\n", 2, "field `push.headers_env"),
            ("strategy = \"all\"\n", 1, "field `strategy`: unknown variant `all`"),
            ("filter = \"tag.region\"\n", 1, "field `filter`: filter at `tag.region`"),
            ("start_at = \"tomorrow\"\n", 1, "field `start_at`: `tomorrow` is no RFC 3339 time"),
            ("id = \n", 1, ""),
        ] {
            let (at, problem) = parse(text).unwrap_err();
            assert_eq!(at, line, "{text}: {problem}");
            assert!(problem.contains(expected), "{text}: {problem}");
            assert!(!problem.contains('\n'), "{text}: {problem}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollout.toml");
        std::fs::write(&path, "artifact = \"fw.bin\"\n[push]\nca = \"/etc/ca.pem\"\nheaders = { X-Site = \"a\" }\n")
            .unwrap();
        let settings = read(&path).unwrap();
        assert_eq!(settings.artifact, Some(folder.path().join("fw.bin")));
        assert_eq!(settings.push.ca.as_deref(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(settings.push.headers, ["X-Site:a"]);
    }
}
