//! Devices: what is accepted, what is refused, and in which words.

use steadfast_delivery::{Device, DeviceStatus, ErrorKind};

#[test]
fn unusable_devices_are_refused_in_one_line() {
    fn check(id: &str, address: &str, expected: &str) {
        let error = Device::new(id, address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains('\n') && !error.to_string().contains("secret"), "{error}");
    }
    check("", "http://h", "a device needs an id");
    check(" ", "http://h", "a device needs an id");
    check("a\nb", "http://h", "control characters");
    check("a", "h:8080", "address of device `a`: unsupported scheme `h`");
    check("a", "10.0.0.7", "not a URL");
    check("a", "ftp://h", "unsupported scheme `ftp`");
    check("a", "http://", "not a URL");
    check("a", "http://me:secret@h", "holds credentials");
    check("a", "http://h/?key=secret", "no query");
    check("a", "http://h/#secret", "no fragment");
}

#[test]
fn an_inventory_record_is_read_with_everything_in_it() {
    let device: Device = serde_json::from_str(
        r#"{ "id": "till-7", "address": "https://till-7.example:8443/d/7", "name": "Till 7", "tags": { "region": "eu" },
             "location": "Berlin", "firmware_version": "1.9", "status": "offline", "timezone": "Europe/Berlin" }"#,
    )
    .unwrap();
    assert_eq!((device.id(), device.address().as_str()), ("till-7", "https://till-7.example:8443/d/7"));
    assert_eq!(device.tags["region"], "eu");
    assert_eq!(device.status, DeviceStatus::Offline);
    let back: Device = serde_json::from_str(&serde_json::to_string(&device).unwrap()).unwrap();
    assert_eq!(back, device);
}

#[test]
fn a_malformed_record_is_refused_with_the_field() {
    fn check(json: &str, expected: &str) {
        let error = serde_json::from_str::<Device>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    check(r#"{ "address": "http://h" }"#, "missing field `id`");
    check(r#"{ "id": "a" }"#, "missing field `address`");
    check(r#"{ "id": "a", "address": "http://h", "statu": "online" }"#, "unknown field `statu`");
    check(r#"{ "id": "a", "address": "http://h", "status": "asleep" }"#, "unknown variant `asleep`");
    check(r#"{ "id": "a", "address": "file:///etc" }"#, "address of device `a`: unsupported scheme `file`");
}

#[test]
fn unknown_is_the_status_of_a_device_that_does_not_say() {
    let device: Device = serde_json::from_str(r#"{ "id": "a", "address": "http://h" }"#).unwrap();
    assert_eq!(device.status, DeviceStatus::Unknown);
}
