"""Transcripts as a log of Inspect (UK AI Security Institute), which its viewer opens: one sample per occasion."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from society.ground.errors import RecordError
from society.record.folder import see_no_links, write_aside
from society.record.reader import Record
from society.record.transcripts import call_arguments, whole_episodes

#: Time of creation in logs: records hold no clock, so that the same run gives the same log.
CREATED = "2026-01-01T00:00:00+00:00"
VERSION = 2


def write_inspect_log(record: Record, out: Path | None = None) -> Path:
    """Write a log into the folder ``inspect`` of the run (``inspect view --log-dir RUN/inspect``), or to another file.

    Raises:
        RecordError: the run has no transcripts, or the file cannot be written.
    """
    samples = [_sample(number, one) for number, one in enumerate(whole_episodes(record.path), 1)]
    if not samples:
        raise RecordError(f"{record.path}: no transcripts: none of its agents is a language model")
    models = Counter(sample["metadata"]["model"] for sample in samples)
    manifest = record.manifest
    digest = str(record.hash)[:22]
    tree = {
        "version": VERSION,
        "status": "success" if manifest["status"] == "done" else "cancelled",
        "eval": {
            "eval_id": digest, "run_id": digest, "created": CREATED, "task": manifest["name"], "task_id": digest,
            "task_version": manifest["world_version"], "dataset": {"name": manifest["name"], "samples": len(samples)},
            "model": models.most_common(1)[0][0], "config": {}, "metadata": {"seed": manifest["seed"], "models": dict(models)},
        },
        "plan": {"name": "plan", "steps": []},
        "results": {"total_samples": len(samples), "completed_samples": len(samples), "scores": []},
        "stats": {"started_at": CREATED, "completed_at": CREATED, "model_usage": {}},
        "samples": samples,
    }  # fmt: skip
    path = out
    if path is None:  # the viewer lists only files that are named like this
        see_no_links(record.path, "inspect")
        path = record.path / "inspect" / f"{CREATED.replace(':', '-')}_{manifest['name']}_{digest}.json"
        path.parent.mkdir(exist_ok=True)
    write_aside(path, json.dumps(tree))
    return path


def _sample(number: int, episode: dict[str, Any]) -> dict[str, Any]:
    messages = [_message(one, episode["model"]) for one in episode["messages"]]
    said = [one for one in messages if one["role"] == "assistant"]
    prompt, completion = episode["tokens"]
    usage = {"input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion}
    last = said[-1] if said else {"role": "assistant", "content": "", "model": episode["model"]}
    acts = ", ".join(episode["acts"]) or "no_answer"
    kept = ("occasion", "tick", "kind", "agent", "name", "family", "model", "about", "invalid", "failure", "score")
    return {
        "id": number,
        "epoch": 1,
        "input": messages[:2],
        "target": "",
        "messages": messages,
        "output": {"model": episode["model"], "choices": [{"message": last, "stop_reason": "stop"}], "usage": usage},
        "scores": {
            "acts": {"value": acts, "answer": acts, "explanation": f"{episode['kind']} about {episode['about']}"}
        },
        "metadata": {name: episode[name] for name in kept},
        "model_usage": {episode["model"]: usage},
    }


def _message(one: dict[str, Any], model: str) -> dict[str, Any]:
    if one["role"] == "assistant":
        calls = [
            {
                "id": call["id"],
                "function": call["function"]["name"],
                "arguments": call_arguments(call["function"]["arguments"]),
                "type": "function",
            }
            for call in one.get("tool_calls", [])
        ]
        return {
            "role": "assistant",
            "content": one["content"],
            "model": model,
            **({"tool_calls": calls} if calls else {}),
        }
    if one["role"] == "tool":
        return {"role": "tool", "content": one["content"], "tool_call_id": one.get("tool_call_id", "")}
    return {"role": one["role"], "content": one["content"]}
