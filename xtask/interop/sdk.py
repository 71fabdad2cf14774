"""The Python side of `cargo xtask interop`: the official SDKs, told what to do in JSON, line by line.

A line {"ask": {"api", "stream", "url", "prompt", "times"}} is answered by {"outcome"}: `ok`, `ok, empty` for an answer
without a word, or the class of the exception. A line {"check": {"api", "requests"}} is answered by {"wrong": […]}: how the
requests differ from the SDK's types. A line {"read": {"api", "stream", "url"}} is answered by {"wrong": […]}: how an answer
differs from the SDK's types. A line {"journal": URL} is answered by {"requests"}: how many an aimock has had.
"""

import json
import signal
import sys
import warnings
import urllib.request

import anthropic
import openai
from anthropic.types import message_create_params as messages
from openai.types.chat import completion_create_params as chat
from openai.types.responses import response_create_params as responses
from pydantic import TypeAdapter, ValidationError

# Seconds that anything may take. The other clients of the comparison have the same limit.
LIMIT = 0.5
# Seconds after which a client that still waits is told to be waiting.
PATIENCE = 8


class Waiting(BaseException):
    """Not an error that an SDK would try again after."""


def waiting(*_):
    raise Waiting


def client(api, url, **options):
    """A client as it comes, but for its patience."""
    if api == "messages":
        return anthropic.Anthropic(api_key="sk-interop", base_url=url, timeout=LIMIT, **options)
    return openai.OpenAI(api_key="sk-interop", base_url=f"{url}/v1", timeout=LIMIT, **options)


def call(client, api, stream, prompt):
    said = [{"role": "user", "content": prompt}]
    if api == "messages":
        return client.messages.create(model="claude-sonnet-4-5", max_tokens=1024, messages=said, stream=stream)
    if api == "responses":
        return client.responses.create(model="gpt-5.4", max_output_tokens=1024, input=said, stream=stream)
    options = {"stream_options": {"include_usage": True}} if stream else {}
    return client.chat.completions.create(
        model="gpt-5.4", max_completion_tokens=1024, messages=said, stream=stream, **options
    )


def text(api, answer):
    """The text of a whole answer, as a reader of the SDK's documentation takes it."""
    if api == "messages":
        return "".join(block.text for block in answer.content or [] if block.type == "text")
    if api == "responses":
        return answer.output_text if answer.output else ""
    return answer.choices[0].message.content if answer.choices else ""


def piece(api, event):
    """The text of one event of a stream."""
    if api == "messages":
        return getattr(event.delta, "text", "") if event.type == "content_block_delta" else ""
    if api == "responses":
        return event.delta if event.type == "response.output_text.delta" else ""
    return (event.choices[0].delta.content or "") if event.choices else ""


def answer(client, api, stream, prompt):
    given = call(client, api, stream, prompt)
    return "".join(piece(api, event) for event in given) if stream else text(api, given)


def ask(api, stream, url, prompt="hello", times=1):
    sdk = client(api, url)
    outcome = ""
    signal.alarm(PATIENCE)
    for _ in range(times):
        try:
            outcome = "ok" if answer(sdk, api, stream, prompt) else "ok, empty"
        except Waiting:
            outcome = f"waits for more than {PATIENCE} s"
        except Exception as error:
            outcome = type(error).__name__
    signal.alarm(0)
    return {"outcome": outcome}


TYPES = {
    "chat": (chat.CompletionCreateParamsNonStreaming, chat.CompletionCreateParamsStreaming),
    "messages": (messages.MessageCreateParamsNonStreaming, messages.MessageCreateParamsStreaming),
    "responses": (responses.ResponseCreateParamsNonStreaming, responses.ResponseCreateParamsStreaming),
}


def check(api, requests):
    """Names that the SDK does not know are errors, too: its own client would never write them."""
    plain, streamed = (TypeAdapter(kind) for kind in TYPES[api])
    wrong = []
    for request in requests:
        adapter = streamed if request.get("stream") else plain
        try:
            adapter.validate_python(request, extra="forbid", strict=True)
        except ValidationError as error:
            wrong += [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return {"wrong": wrong}


def read(api, stream, url):
    """With the SDK's strict reading, which is off by default: what does not fit its types is an error."""
    try:
        given = call(client(api, url, _strict_response_validation=True), api, stream, "hello")
        whole = list(given) if stream else [given]
        wrong = [] if whole else ["nothing came"]
    except Exception as error:
        wrong = [f"{type(error).__name__}: {error}"]
    return {"wrong": wrong}


def journal(url):
    with urllib.request.urlopen(f"{url}/__aimock/journal?limit=1") as answer:
        return {"requests": int(answer.headers["X-Total-Count"])}


def main():
    signal.signal(signal.SIGALRM, waiting)
    # Models grow old, and the SDKs say so.
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        ((order, what),) = json.loads(line).items()
        if order == "journal":
            told = journal(what)
        else:
            told = {"ask": ask, "check": check, "read": read}[order](**what)
        print(json.dumps(told), flush=True)


main()
