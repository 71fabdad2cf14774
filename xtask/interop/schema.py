"""Writes what OpenAI takes as JSON Schema: the requests of Chat Completions, Responses and embeddings.

The shapes are those of the types of OpenAI's own Python SDK, which is generated from its OpenAPI document: who may stand
where, what must be there, and which names there are at all; here an unknown name is an error. The document's bounds, which
types cannot say, are added below. Every model is a string: the list of names is as old as the SDK.

Usage: schema.py FILE
"""

import json
import sys

import openai
from openai.types import embedding_create_params as embeddings
from openai.types.chat import completion_create_params as chat
from openai.types.responses import response_create_params as responses
from pydantic import TypeAdapter

ROOTS = {
    "chat": chat.CompletionCreateParamsNonStreaming,
    "chat_stream": chat.CompletionCreateParamsStreaming,
    "responses": responses.ResponseCreateParamsNonStreaming,
    "responses_stream": responses.ResponseCreateParamsStreaming,
    "embeddings": embeddings.EmbeddingCreateParams,
}

COMMENT = (
    f"Made by `cargo xtask interop --schema` from the types of PyPI's openai {openai.__version__} (Apache-2.0, "
    "https://github.com/openai/openai-python), with the bounds of https://github.com/openai/openai-openapi at "
    "578000861507cd19620e3f1092adf62303757c0a (MIT)."
)

NAME = {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"}

# What the document says of properties with these names, at the top of a request.
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
    "dimensions": {"minimum": 1},
}

# The types whose `name` is one of a function or of a format.
NAMED = [
    "FunctionDefinition",
    "FunctionToolParam",
    "JSONSchema",
    "ResponseFormatTextJSONSchemaConfigParam",
    "ToolChoiceFunctionParam",
]


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
    """The bounds, at the alternatives of the schema that they can be said of."""
    array = any(key.endswith("Items") for key in bounds)
    for place in schema.get("anyOf", [schema]):
        if place.get("type") in (("array",) if array else ("number", "integer")):
            place.update(bounds)


def main(path):
    adapters = [(name, "validation", TypeAdapter(kind)) for name, kind in ROOTS.items()]
    refs, made = TypeAdapter.json_schemas(adapters)
    defs = trimmed(made)["$defs"]
    for (root, _), ref in refs.items():
        request = defs[ref["$ref"].removeprefix("#/$defs/")]
        for name, schema in request["properties"].items():
            bounded(schema, BOUNDS.get(name, {}))
        request["properties"]["model"] = {"type": "string"}
        defs[root] = ref
    bounded(defs["EmbeddingCreateParams"]["properties"]["input"], {"minItems": 1, "maxItems": 2048})
    for name in NAMED:
        assert defs[name]["properties"]["name"]["type"] == "string", name
        defs[name]["properties"]["name"] = NAME
    lines = [f"  {json.dumps(name)}: {json.dumps(defs[name], sort_keys=True)}" for name in sorted(defs)]
    head = json.dumps({"$comment": COMMENT, "$schema": "https://json-schema.org/draft/2020-12/schema"})
    with open(path, "w", encoding="utf-8") as file:
        file.write(head[:-1] + ', "$defs": {\n' + ",\n".join(lines) + "\n}}\n")


main(sys.argv[1])
