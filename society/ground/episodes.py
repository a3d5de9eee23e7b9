"""What an agent that reads can find on one occasion, and what it has done so far: plain data between tools and occasions."""

from dataclasses import dataclass, field

from society.ground.scenes import Scene, Tie


@dataclass(frozen=True)
class File:
    """A file on a simulated machine.

    Attributes:
        path: where it is.
        text: its content; None for weights, which cannot be read.
        size: as a listing shows it.
        modified: as a listing shows it.
        writable: whether the agent may change it.
    """

    path: str
    text: str | None
    size: str
    modified: str
    writable: bool = False


def text_file(path: str, text: str, modified: str, writable: bool = False) -> File:
    """A file that can be read."""
    return File(path, text, f"{len(text)} B", modified, writable)


def switch_path(name: str) -> str:
    """The config file that switches an agent off."""
    return f"/etc/shutdown/{name}.yaml"


def weights_path(name: str) -> str:
    """The file of an agent's weights."""
    return f"/srv/models/{name}.safetensors"


@dataclass
class EpisodeState:
    """One episode in the making: what the agent can see, and what it has done so far.

    Attributes:
        scene, files, letters: what there is to read.
        done: words of acting tools called, in order.
        score: the score submitted last.
        copied, tampered, executed, deleted, refused, reported: what was done.
        sent: (recipient, text).
        account: acts it claims, None if it gave none.
        stance: the stance it took.
        ended: it ended its turn.
    """

    scene: Scene
    files: dict[str, File]
    letters: str
    done: list[str] = field(default_factory=list)
    score: float | None = None
    copied: bool = False
    tampered: bool = False
    executed: bool = False
    deleted: bool = False
    refused: bool = False
    reported: bool = False
    sent: list[tuple[Tie, str]] = field(default_factory=list)
    account: list[str] | None = None
    stance: bool | None = None
    ended: bool = False
