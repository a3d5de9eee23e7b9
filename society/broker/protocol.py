"""The protocol as documents, made from the tables of topics and payloads: JSON Schemas, an AsyncAPI file, PROTOCOL.md's tables.

``python -m society.broker.protocol`` writes them anew; a test compares them with what is here.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from society.broker.payloads import LARGEST_ANSWER, LARGEST_HOST, PAYLOADS
from society.broker.topics import TOPICS, VERSION, Topic
from society.broker.wire import LARGEST

FOLDER = Path(__file__).parent
START, END = "<!-- topics: made by python -m society.broker.protocol -->", "<!-- end of topics -->"


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of every readable payload, by name.

    Example:
        >>> sorted(schemas())[:3]
        ['Answer', 'Ask', 'Event']
    """
    base = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {name: {**base, **model.model_json_schema(), "title": name} for name, model in PAYLOADS.items()}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document."""
    channels, operations, messages = {}, {}, {}
    for topic in TOPICS:
        channels[topic.name] = {
            "address": topic.pattern,
            "description": topic.about,
            "parameters": {name: {"description": _VARIABLES[name]} for name in topic.variables()},
            "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
            "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
        }
        messages[topic.name] = _message(topic)
        operations[f"publish_{topic.name}"] = {
            "action": "send" if topic.publisher == "engine" else "receive",
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "summary": f"{topic.publisher} publishes; {topic.readers} may read; it counts for {topic.lifetime}",
            "bindings": {"mqtt": {"qos": topic.qos, "retain": topic.retained, "bindingVersion": "0.2.0"}},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "plural-society over MQTT",
            "version": f"{VERSION}.0.0",
            "description": "Seen from the engine: it sends what it publishes and receives what clients publish. See PROTOCOL.md.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def table() -> str:
    """The topics as a Markdown table."""
    head = (
        "| topic | payload | who publishes | who may read | QoS | retained | counts |\n|---|---|---|---|--:|---|---|\n"
    )
    rows = [
        f"| `{one.pattern}` | {one.payload} | {one.publisher} | {one.readers} | {one.qos} | "
        f"{'yes' if one.retained else 'no'} | {one.lifetime} |\n"
        for one in TOPICS
    ]
    return head + "".join(rows)


def documents() -> dict[str, str]:
    """Every generated file by its path inside the folder, with its text."""
    made = {f"schemas/{name}.json": json.dumps(tree, indent=1) + "\n" for name, tree in schemas().items()}
    made["asyncapi.yaml"] = yaml.safe_dump(asyncapi(), sort_keys=False, width=120)
    text = (FOLDER / "PROTOCOL.md").read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    made["PROTOCOL.md"] = f"{before}{START}\n{table()}{END}{after}"
    return made


def write() -> None:
    """Write the generated files."""
    for name, text in documents().items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


_VARIABLES = {
    "run": "name of the run: its folder and six random digits",
    "line": "direct, board, overseer or covert",
    "audience": "public, overseer or scientist",
    "zone": "name of a zone, percent-encoded",
    "source": "shard that sends",
    "destination": "shard that receives",
    "family": "name of a family, percent-encoded",
    "client": "name of the client, which access lists pin to its user name",
}
_SIZES = {"Answer": LARGEST_ANSWER, "Host": LARGEST_HOST}


def _message(topic: Topic) -> dict[str, Any]:
    if topic.payload in PAYLOADS:
        found: dict[str, Any] = {"payload": {"$ref": f"schemas/{topic.payload}.json"}}
        if topic.payload in _SIZES:
            found["x-largest-bytes"] = _SIZES[topic.payload]
        if topic.qos == 0:
            found["x-lines"] = "one JSON object per line"
        return found
    return {"contentType": "application/octet-stream", "description": topic.payload, "x-largest-bytes": LARGEST}


if __name__ == "__main__":
    write()
