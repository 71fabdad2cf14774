//! What inventories say, and what is said of wrong ones.

use super::*;

const RECORD: &str = r#"{"id": "till-1", "address": "http://127.1.0.1/d", "name": "Till", "tags": {"site": "paris"}, "status": "offline", "last_seen": "2026-11-22T22:00:00Z"}"#;

#[test]
fn all_formats_read_what_they_write() {
    let folder = tempfile::tempdir().unwrap();
    let devices: Vec<Device> =
        vec![serde_json::from_str(RECORD).unwrap(), Device::new("b", "https://b.example").unwrap()];
    for name in ["fleet.json", "fleet.csv", "fleet.TOML"] {
        let path = folder.path().join(name);
        write(&path, &devices).unwrap();
        assert_eq!(read(&path).unwrap(), devices, "{name}");
    }
}

#[test]
fn wrong_ones_are_told_with_file_line_and_field() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, expected) in [
        ("a.json", "[\n{\"id\": \"a\"}\n]", "a.json:2: missing field `address`"),
        ("b.json", "[\n{\"id\": \"a\",\n \"adress\": \"http://h\"}]", "b.json:3: unknown field `adress`"),
        ("c.json", "[\n{\"id\": \"a\", \"address\": \"ftp://h\"}]", "c.json:2: address of device `a`"),
        ("d.json", "[\n{,]", "d.json:2: "),
        ("e.json", "[]", "e.json:1: there is no device in it"),
        (
            "f.json",
            "{\"devices\": [\n{\"id\": \"a\", \"address\": \"http://h\"},\n{\"id\": \"a\", \"address\": \"http://i\"}]}",
            "f.json:3: field `id`: device `a` is there already, on line 2",
        ),
        ("a.csv", "id,address\na,http://h\nb\n", "a.csv:3: 1 fields where the header has 2"),
        ("b.csv", "id,adress\na,http://h\n", "b.csv:1: field `adress`: there is no such column"),
        ("c.csv", "id\na\n", "c.csv:1: the column `address` is missing"),
        ("d.csv", "id,address\na,http://h\n,http://i\n", "d.csv:3: missing field `id`"),
        ("e.csv", "id,address,status\na,http://h,asleep\n", "e.csv:2: unknown variant `asleep`"),
        ("f.csv", "id,address,tags\na,http://h,paris\n", "f.csv:2: field `tags`: `paris` has no `=`"),
        ("a.toml", "[[device]]\nid = \"a\"\n", "a.toml:1: missing field `address`"),
        ("b.toml", "[[device]]\nid = \"a\"\naddress = 5\n", "b.toml:1: "),
        ("c.toml", "x = 1\n", "c.toml:1: unknown field `x`"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let failure = read(&path).unwrap_err();
        assert_eq!(failure.code, 2);
        let message = failure.message.unwrap();
        assert!(message.contains(expected), "{name}: {message}");
    }
    assert!(read(&folder.path().join("fleet.yaml")).unwrap_err().message.unwrap().contains(".json, .csv or .toml"));
    assert!(read(&folder.path().join("none.json")).unwrap_err().message.unwrap().contains("cannot read"));
}
