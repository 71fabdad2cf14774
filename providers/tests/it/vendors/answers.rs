//! Answers, whole and streamed: text, usage, ends.

use steadfast_providers::{Call, Finish};
use steadfast_testkit::LlmSim;

use super::{client, every};
use crate::rig::{Mode, ask, rig};

const ANSWER: &str = "Größe: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.";

#[tokio::test]
async fn an_answer_is_the_same_whole_and_streamed() {
    let sim = LlmSim::builder().answer(ANSWER).cached_tokens(1).reasoning_tokens(3).start().await.unwrap();
    for vendor in every() {
        let rig = rig();
        let client = client(&rig, &vendor, sim.anthropic_url());
        let call = Call::new("Count, please.").max_tokens(100);
        let mut plain = ask(&client, Mode::Plain, call.clone()).await.unwrap();
        let mut streamed = ask(&client, Mode::Stream, call.clone()).await.unwrap();
        assert_eq!((&*plain.text(), plain.finish.clone()), (ANSWER, Finish::Stop), "{}", vendor.name);
        assert_eq!((plain.usage.cached_read, plain.usage.reasoning), (1, 3), "{}", vendor.name);
        assert!(plain.usage.input > 3 && plain.usage.output > 12, "{}: {:?}", vendor.name, plain.usage);
        assert!(plain.id.is_some() && streamed.id.is_some());
        assert_eq!((&plain.provider, &*plain.model), (&vendor.name, "m-1"));
        if !vendor.quirks.takes("stream_options") {
            // It tells the usage of streams without being asked to, which the simulator does not.
            streamed.usage = plain.usage;
        }
        for reply in [&mut plain, &mut streamed] {
            assert_eq!(reply.attempts.len(), 1);
            reply.attempts.clear();
            reply.id = None;
            reply.extra.clear();
        }
        assert_eq!(plain, streamed, "{}", vendor.name);
        for mode in [Mode::Plain, Mode::Stream] {
            let cut = ask(&client, mode, call.clone().max_tokens(16)).await.unwrap();
            assert_eq!(cut.finish, Finish::Length, "{}", vendor.name);
            assert!(ANSWER.starts_with(&*cut.text()) && cut.text().len() > 20);
        }
    }
}
