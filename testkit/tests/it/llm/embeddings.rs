//! Embeddings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use steadfast_testkit::LlmSim;

use super::{put, refused};

const PATH: &str = "/v1/embeddings";

fn vector(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[tokio::test]
async fn a_text_has_its_vector() {
    let sim = LlmSim::builder().start().await.unwrap();
    let body = json!({ "model": "text-embedding-sim", "input": ["one two", "three", "one two"], "dimensions": 16 });
    let answer = put(&sim, PATH, &body).await.json();
    assert_eq!((&answer["object"], &answer["model"]), (&json!("list"), &json!("text-embedding-sim")));
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 5, "total_tokens": 5 }));
    let data = answer["data"].as_array().unwrap();
    let vectors: Vec<Vec<f64>> = data.iter().map(|entry| vector(&entry["embedding"])).collect();
    assert!(data.iter().enumerate().all(|(i, entry)| entry["index"] == i && entry["object"] == "embedding"));
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    for vector in &vectors {
        let length: f64 = vector.iter().map(|x| x * x).sum();
        assert!(vector.len() == 16 && (length - 1.0).abs() < 1e-6);
    }
    let one = json!({ "model": "m", "input": "one two", "dimensions": 16 });
    assert_eq!(vector(&put(&sim, PATH, &one).await.json()["data"][0]["embedding"]), vectors[0]);
}

#[tokio::test]
async fn base64_is_the_same_vector() {
    let sim = LlmSim::builder().start().await.unwrap();
    let body = |format: &str| json!({ "model": "m", "input": [1, 2, 3], "encoding_format": format });
    let told = |answer: Value| answer["data"][0]["embedding"].clone();
    let floats = vector(&told(put(&sim, PATH, &body("float")).await.json()));
    let bytes = STANDARD.decode(told(put(&sim, PATH, &body("base64")).await.json()).as_str().unwrap()).unwrap();
    let decoded: Vec<f32> = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(floats.len(), decoded.len());
    assert!(floats.iter().zip(&decoded).all(|(a, b)| (a - f64::from(*b)).abs() < 1e-7));
}

#[tokio::test]
async fn what_openai_refuses_is_refused() {
    let sim = LlmSim::builder().start().await.unwrap();
    let check = async |body: Value, about: &str| {
        let why = refused(&sim, PATH, &body).await;
        assert!(why.contains(about), "{why}");
    };
    check(json!({ "input": "x" }), "model").await;
    check(json!({ "model": "m" }), "'input'").await;
    check(json!({ "model": "m", "input": "" }), "cannot be an empty string").await;
    check(json!({ "model": "m", "input": [] }), "1 to 2048").await;
    check(json!({ "model": "m", "input": [{}] }), "'input'").await;
    check(json!({ "model": "m", "input": "x", "dimensions": 0 }), "'dimensions'").await;
    check(json!({ "model": "m", "input": "x", "encoding_format": "hex" }), "'encoding_format'").await;
}
