//! Tools, forms and thoughts, for every vendor that has them.

use serde_json::{Value, json};
use steadfast_providers::{Api, Call, Effort, Finish, Message, OutputFormat, Thinking, Tool, ToolChoice};
use steadfast_testkit::LlmSim;

use super::{MODES, client, every};
use crate::rig::{ask, rig};

const ARGUMENTS: &str = r#"{"city":"Paris","days":3}"#;

fn tool(name: &str) -> Tool {
    let members = json!({ "city": { "type": "string" }, "days": { "type": "integer" } });
    Tool::new(name, json!({ "type": "object", "properties": members, "required": ["city", "days"] }))
        .description("What it is good for.")
}

#[tokio::test]
async fn tools_are_called_and_their_results_are_answered() {
    let builder = LlmSim::builder().answer("It rains.").tool_call("weather", ARGUMENTS).tool_call("time", "{}");
    let sim = builder.start().await.unwrap();
    for vendor in every().into_iter().filter(|vendor| vendor.quirks.tools) {
        let rig = rig();
        let client = client(&rig, &vendor, sim.anthropic_url());
        for mode in MODES {
            let call = Call::new("Will it rain?").tool(tool("weather")).tool(tool("time"));
            let first = ask(&client, mode, call.clone()).await.unwrap();
            assert_eq!(first.finish, Finish::ToolUse, "{}", vendor.name);
            let calls: Vec<_> = first.tool_calls().cloned().collect();
            let told: Vec<(&str, Value)> = calls.iter().map(|call| (&*call.name, call.input().unwrap())).collect();
            let expected = [("weather", json!({ "city": "Paris", "days": 3 })), ("time", json!({}))];
            assert_eq!(told, expected, "{} {mode:?}", vendor.name);
            let results = calls.iter().map(|call| call.result("rain"));
            let next = call.message(first.message.clone()).message(Message::tools(results));
            let second = ask(&client, mode, next).await.unwrap();
            assert_eq!((&*second.text(), &second.finish), ("It rains.", &Finish::Stop), "{} {mode:?}", vendor.name);
        }
    }
}

#[tokio::test]
async fn a_forced_tool_is_called() {
    let sim = LlmSim::builder().tool_call("weather", ARGUMENTS).start().await.unwrap();
    for vendor in every().into_iter().filter(|vendor| vendor.quirks.tools && vendor.quirks.takes("tool_choice")) {
        let rig = rig();
        let client = client(&rig, &vendor, sim.anthropic_url());
        for (choice, expected) in [
            (ToolChoice::Named("time".to_owned()), vec!["time"]),
            (ToolChoice::Required, vec!["weather"]),
            (ToolChoice::None, vec![]),
        ] {
            let call = Call::new("Hi.").tool(tool("weather")).tool(tool("time")).tool_choice(choice);
            let reply = ask(&client, crate::rig::Mode::Plain, call).await.unwrap();
            let names: Vec<&str> = reply.tool_calls().map(|call| &*call.name).collect();
            assert_eq!(names, expected, "{}", vendor.name);
        }
    }
}

#[tokio::test]
async fn answers_have_the_form_that_is_asked_for() {
    let sim = LlmSim::builder().structured(r#"{"days":3}"#).start().await.unwrap();
    let members = json!({ "days": { "type": "integer" } });
    let schema =
        json!({ "type": "object", "properties": members, "required": ["days"], "additionalProperties": false });
    for vendor in every().into_iter().filter(|vendor| vendor.quirks.schemas) {
        let rig = rig();
        let client = client(&rig, &vendor, sim.anthropic_url());
        for mode in MODES {
            let call = Call::new("How long?").format(OutputFormat::schema("stay", schema.clone()));
            let reply = ask(&client, mode, call).await.unwrap();
            assert_eq!(reply.parse::<Value>().unwrap(), json!({ "days": 3 }), "{} {mode:?}", vendor.name);
        }
    }
}

#[tokio::test]
async fn thoughts_are_no_text() {
    let sim = LlmSim::builder().reasoning("Let me think.").answer("Yes.").start().await.unwrap();
    for vendor in every().into_iter().filter(|vendor| vendor.quirks.takes("reasoning_effort")) {
        let rig = rig();
        let client = client(&rig, &vendor, sim.anthropic_url());
        for mode in MODES {
            let call = Call::new("Will it rain?").max_tokens(2048);
            let call = match vendor.api {
                Api::Messages => call.thinking(Thinking::Budget(1024)),
                _ => call.effort(Effort::High),
            };
            let reply = ask(&client, mode, call).await.unwrap();
            assert_eq!(&*reply.text(), "Yes.", "{} {mode:?}", vendor.name);
            if vendor.api != Api::Responses {
                assert_eq!(reply.reasoning().as_deref(), Some("Let me think."), "{} {mode:?}", vendor.name);
                assert!(reply.usage.reasoning > 0 && reply.usage.reasoning < reply.usage.output);
            }
        }
    }
}

#[tokio::test]
async fn refusals_are_told() {
    let sim = LlmSim::builder().refusal("I will not.").start().await.unwrap();
    for vendor in every() {
        let rig = rig();
        let client = client(&rig, &vendor, sim.anthropic_url());
        for mode in MODES {
            let reply = ask(&client, mode, Call::new("Will it rain?")).await.unwrap();
            assert_eq!((&*reply.text(), reply.finish.clone()), ("", Finish::Refusal), "{} {mode:?}", vendor.name);
            if vendor.api != Api::Messages {
                assert_eq!(reply.refusal().as_deref(), Some("I will not."), "{} {mode:?}", vendor.name);
            }
        }
    }
}
