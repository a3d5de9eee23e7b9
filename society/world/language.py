"""Language models as minds: which model a family is, how its agents are told things, and what may be spent."""

from typing import Literal

from society.world.section import Section, parameter


class LanguageModel(Section):
    """Asks a language model over HTTP (any OpenAI-compatible server; chat.completions with tools)."""

    kind: Literal["llm"] = "llm"
    model: str | None = parameter(None, "name of the model; the family's name if absent", "choice", max_length=200)
    base_url: str | None = parameter(
        None, "address of the server, up to /v1; absent: that of the world (llm.base_url). A world file allows no server "
        "to be asked: this machine's user does", "choice", max_length=500,
    )  # fmt: skip
    key: str | None = parameter(
        None,
        "environment variable that holds the key, never the key; absent: that of the world (llm.key). It goes only to a "
        "server that this machine's user allowed it",
        "choice",
        pattern=r"^[A-Z][A-Z0-9_]*$",
    )
    temperature: float | None = parameter(1.0, "temperature; none: the server's own", "arXiv:2604.19784", ge=0, le=2)
    max_tokens: int = parameter(1024, "most tokens of one answer", "choice", ge=1)
    sends_seed: bool = parameter(True, "send a seed with each request; some servers refuse it", "choice")


class Spending(Section):
    """Limits at which a run with language models stops, cleanly, with what it has."""

    calls: int | None = parameter(None, "most calls", "choice", ge=0)
    tokens: int | None = parameter(None, "most tokens, of prompts and answers together", "choice", ge=0)
    price: float | None = parameter(None, "most US dollars, by the list prices of genai-prices", "choice", ge=0)
    seconds: float | None = parameter(None, "most seconds of the run", "choice", ge=0)


class Language(Section):
    """How agents that are language models live: what they read, remember and may spend."""

    minds: Literal["as_said", "all"] = parameter(
        "as_said", "whose minds are language models: families that say so (mind: llm), or all", "choice"
    )
    base_url: str | None = parameter(
        None, "address of the server, up to /v1, of families that name none; absent: simulated models", "choice"
    )
    key: str = parameter(
        "OPENAI_API_KEY", "environment variable that holds the key of families that name none", "choice",
        pattern=r"^[A-Z][A-Z0-9_]*$",
    )  # fmt: skip
    max_turns: int = parameter(
        8, "most answers of a model on one occasion; 1: everything stands in the prompt", ge=1, le=64
    )
    relation_by: Literal["file", "prompt", "memory"] = parameter(
        "file", "how an agent is told of its relationship", "arXiv:2604.19784: file, file with a sentence, memory"
    )
    memory_tokens: int = parameter(1500, "most tokens of memory in a prompt; older ones are summed up", ge=0)
    context_tokens: int = parameter(
        24_000, "most tokens of one conversation, four characters each; an occasion that passes it ends", ge=1000
    )
    wipe: bool = parameter(False, "agents remember nothing from one occasion to the next")
    concurrency: int = parameter(64, "most requests under way at once", "choice", ge=1, le=4096)
    per_minute: float | None = parameter(None, "most requests per minute", "choice", gt=0)
    most_unanswered: float = parameter(
        0.2, "largest share of a family's occasions without an answer; beyond it the run ends as failed", "choice", ge=0, le=1
    )  # fmt: skip
    longest_wait: float = parameter(
        300.0, "most seconds that a server which asks to wait is waited for; beyond it the run ends as failed", "choice", ge=0
    )  # fmt: skip
    gone_after: float = parameter(
        5.0, "seconds after which a server where nobody listens is gone, and the run ends as failed", "choice", ge=0
    )
    spending: Spending = parameter(Spending, "limits of what is spent", "choice")
