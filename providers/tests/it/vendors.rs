//! What every vendor's table must be good for: requests go where they should, answers and errors are understood.

mod answers;
mod requests;
mod tools;
mod words;

use steadfast_providers::{Api, ApiKey, Client, Vendor};
use url::Url;

use crate::rig::{KEY, Mode, Rig};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];

/// Every vendor that is built in, OpenAI by both of its APIs.
fn every() -> Vec<Vendor> {
    Vendor::all().chain([Vendor::openai_responses()]).collect()
}

/// The base URL of a vendor, moved to a server here: its path stays.
fn base_url(vendor: &Vendor, root: &str) -> String {
    let own = Url::parse(&vendor.base_url).unwrap();
    format!("{root}{}", own.path().trim_end_matches('/'))
}

/// The path of a vendor's requests.
fn path(vendor: &Vendor) -> String {
    let base = base_url(vendor, "");
    match vendor.api {
        Api::Responses => format!("{base}/responses"),
        Api::Messages => format!("{base}/v1/messages"),
        _ => format!("{base}/chat/completions"),
    }
}

/// A client of the vendor, whose server is here.
fn client(rig: &Rig, vendor: &Vendor, root: &str) -> Client {
    let builder = Client::builder(rig.pool.clone(), vendor.clone()).base_url(base_url(vendor, root));
    builder.api_key(ApiKey::new(KEY)).model("m-1").build().unwrap()
}
