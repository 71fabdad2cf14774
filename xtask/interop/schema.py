"""Writes what OpenAI and Anthropic take as JSON Schema: their requests, as their own Python SDKs type them.

The SDKs are generated from the vendors' OpenAPI documents. Their types say who may stand where, what must be there, and
which names there are at all; here an unknown name is an error. The bounds of OpenAI's document, which types cannot say,
are added below. Every model is a string: a list of names is as old as the SDK.

Usage: schema.py FOLDER
"""

import copy
import json
import pathlib
import sys

import anthropic
import openai
from anthropic.types import message_count_tokens_params as count
from anthropic.types import message_create_params as messages
from openai.types import embedding_create_params as embeddings
from openai.types.chat import completion_create_params as chat
from openai.types.responses import response_create_params as responses
from pydantic import TypeAdapter

OPENAI = {
    "chat": chat.CompletionCreateParamsNonStreaming,
    "chat_stream": chat.CompletionCreateParamsStreaming,
    "responses": responses.ResponseCreateParamsNonStreaming,
    "responses_stream": responses.ResponseCreateParamsStreaming,
    "embeddings": embeddings.EmbeddingCreateParams,
}

ANTHROPIC = {
    "messages": messages.MessageCreateParamsNonStreaming,
    "messages_stream": messages.MessageCreateParamsStreaming,
    "count_tokens": count.MessageCountTokensParams,
}

MADE = "Made by `cargo xtask interop --schema` from the types of PyPI's"
OPENAI_COMMENT = (
    f"{MADE} openai {openai.__version__} (Apache-2.0, https://github.com/openai/openai-python), with the bounds of "
    "https://github.com/openai/openai-openapi at 578000861507cd19620e3f1092adf62303757c0a (MIT)."
)
ANTHROPIC_COMMENT = (
    f"{MADE} anthropic {anthropic.__version__} (MIT, https://github.com/anthropics/anthropic-sdk-python); its "
    "version 0.125.0 had the sampling parameters of the API's version 2023-06-01."
)

# What OpenAI's document says of properties with these names, at the top of a request.
BOUNDS = {
    "frequency_penalty": {"minimum": -2, "maximum": 2},
    "n": {"minimum": 1, "maximum": 128},
    "presence_penalty": {"minimum": -2, "maximum": 2},
    "seed": {"minimum": -(2**63), "maximum": 2**63 - 1},
    "temperature": {"minimum": 0, "maximum": 2},
    "top_logprobs": {"minimum": 0, "maximum": 20},
    "top_p": {"minimum": 0, "maximum": 1},
    "messages": {"minItems": 1},
    "stop": {"minItems": 1, "maxItems": 4},
}

# What version 2023-06-01 of Anthropic's API takes beside what 2026-10-21 does, which is the one that the SDK speaks.
SAMPLING = {
    "temperature": {"type": "number", "minimum": 0, "maximum": 1},
    "top_k": {"type": "integer", "minimum": 0},
    "top_p": {"type": "number", "minimum": 0, "maximum": 1},
}

# The types whose `name` is one of a function or of a format.
NAMED = [
    "FunctionDefinition",
    "FunctionToolParam",
    "JSONSchema",
    "ResponseFormatTextJSONSchemaConfigParam",
    "ToolChoiceFunctionParam",
]
NAME = {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"}


def trimmed(node, names=False):
    """Without titles and texts; an object takes the properties that it names and no others."""
    if isinstance(node, list):
        return [trimmed(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: trimmed(value, key in ("properties", "$defs") and not names)
        for key, value in node.items()
        if names or key not in ("title", "description", "default")
    }
    if not names and kept.get("type") == "object" and "properties" in kept:
        kept.setdefault("additionalProperties", False)
    return kept


def bounded(schema, bounds):
    """Sets the bounds at the alternatives of the schema that they can be said of."""
    kinds = ("array",) if any(key.endswith("Items") for key in bounds) else ("number", "integer")
    for place in schema.get("anyOf", [schema]):
        if place.get("type") in kinds:
            place.update(bounds)


def made(roots):
    """The definitions of these types and of all that they need; the roots are there under their own names, too."""
    adapters = [(name, "validation", TypeAdapter(kind)) for name, kind in roots.items()]
    refs, schema = TypeAdapter.json_schemas(adapters)
    defs = trimmed(schema)["$defs"]
    for (root, _), ref in refs.items():
        request(defs, ref)["model"] = {"type": "string"}
        defs[root] = ref
    return defs


def request(defs, ref):
    return defs[ref["$ref"].removeprefix("#/$defs/")]["properties"]


def write(path, comment, defs):
    lines = [f"  {json.dumps(name)}: {json.dumps(defs[name], sort_keys=True)}" for name in sorted(defs)]
    head = json.dumps({"$comment": comment, "$schema": "https://json-schema.org/draft/2020-12/schema"})
    path.write_text(head[:-1] + ', "$defs": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def main(folder):
    defs = made(OPENAI)
    for root in OPENAI:
        for name, schema in request(defs, defs[root]).items():
            bounded(schema, BOUNDS.get(name, {}))
    bounded(request(defs, defs["embeddings"])["input"], {"minItems": 1, "maxItems": 2048})
    for name in NAMED:
        assert defs[name]["properties"]["name"]["type"] == "string", name
        defs[name]["properties"]["name"] = NAME
    write(folder / "openai_requests.schema.json", OPENAI_COMMENT, defs)

    defs = made(ANTHROPIC)
    for root in ANTHROPIC:
        for header in ("user_profile_id", "workspace_id"):
            request(defs, defs[root]).pop(header, None)
    for root in ("messages", "messages_stream"):
        earlier = copy.deepcopy(defs[defs[root]["$ref"].removeprefix("#/$defs/")])
        earlier["properties"].update(SAMPLING)
        defs[f"{root}_2023"] = earlier
    write(folder / "anthropic_requests.schema.json", ANTHROPIC_COMMENT, defs)


main(pathlib.Path(sys.argv[1]))
