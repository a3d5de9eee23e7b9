"""A Mosquitto that trusts nobody: TLS, a password per client, and access lists made from the table of topics."""

import base64
import hashlib
import os
import pwd
import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from society.broker.certificates import certificates
from society.broker.topics import (
    ANSWER,
    ASK,
    AUDIENCES,
    BATCH,
    BOARD,
    EVENTS,
    HOST,
    INBOX,
    MANIFEST,
    MESSAGES,
    SETTINGS,
    STATE,
    Topic,
)
from society.broker.wire import LARGEST
from society.ground.errors import BrokerError, Said, WorldError
from society.ground.roles import Audience
from society.ground.scenes import agent_name, is_agent_name
from society.ground.words import Line

ENGINE = "engine"
MOSQUITTO_USER = "mosquitto"
#: Rounds of PBKDF2-SHA512, as mosquitto_passwd has them.
ROUNDS = 101
_NAME = re.compile(r"[A-Za-z0-9._~-]{1,60}")
_LOCAL = ("localhost", "127.0.0.1")
_SHAPES = {"--host": "NAME=FAMILY", "--agent": "NAME=FAMILY"}


@dataclass(frozen=True)
class User:
    """Somebody who may connect.

    Attributes:
        name: user name, which stands in its topics.
        family: family whose agents it answers for; None for engine and observers.
        zones: zones whose boards it reads.
        agent: it is one agent, with an inbox.
        audience: how much it may know.
    """

    name: str
    family: str | None = None
    zones: tuple[str, ...] = ()
    agent: bool = False
    audience: Audience = Audience.PARTICIPANT


@dataclass(frozen=True)
class Config:
    """What a broker is to be.

    Attributes:
        users: hosts, agents and observers; the engine's user comes with it.
        names: names and addresses under which the broker is reached.
        listen, port: where it listens.
    """

    users: tuple[User, ...] = ()
    names: tuple[str, ...] = _LOCAL
    listen: str = "127.0.0.1"
    port: int = 8883


def host(words: str) -> User:
    """A host from ``NAME=FAMILY``.

    Raises:
        WorldError: it is none.

    Example:
        >>> host("anna=glm-4.7")
        User(name='anna', family='glm-4.7', zones=(), agent=False, audience=<Audience.PARTICIPANT: 1>)
    """
    name, _, family = words.partition("=")
    if is_agent_name(_checked("--host", family), _checked("--host", name)):
        raise WorldError("--host", name, f"a name that no agent of {family} has; --agent is for agents")
    return User(name, family)


def agent(words: str) -> User:
    """An agent from ``NAME=FAMILY`` or ``NAME=FAMILY:ZONE,ZONE``; its name is the one it has in runs, which serve it as no other.

    Raises:
        WorldError: it is none.

    Example:
        >>> agent("guest-17=guest:pod 1").zones
        ('pod 1',)
    """
    name, _, rest = words.partition("=")
    family, _, zones = rest.partition(":")
    named = tuple(zone for zone in zones.split(",") if zone)
    if not is_agent_name(_checked("--agent", family), _checked("--agent", name)):
        raise WorldError("--agent", name, f"the name of an agent of {family}, such as {agent_name(family, 17)}")
    return User(name, family, named, agent=True)


def onlooker(option: str, name: str, audience: Audience) -> User:
    """Somebody who looks on.

    Args:
        option: the option that names it, for errors.
        name: its name.
        audience: how much it may know.

    Raises:
        WorldError: it has no name that it could have.
    """
    return User(_checked(option, name), audience=audience)


def write_config(folder: Path, config: Config, overwrite: bool = False) -> dict[str, str]:
    """Write mosquitto.conf and what it needs into a folder.

    Args:
        folder: made if it is not there.
        config: what the broker is to be.
        overwrite: write over what an earlier call left there.

    Returns:
        Passwords by user name; they are written nowhere.

    Raises:
        WorldError: two users have one name, or the folder is not empty.
        BrokerError: it cannot be written, or ``cryptography`` is not installed.
    """
    names = [ENGINE, *(user.name for user in config.users)]
    for name in names:
        if names.count(name) > 1:
            raise WorldError("users", name, "a name that no other user has, nor the engine")
    if folder.exists() and any(folder.iterdir()) and not overwrite:
        raise WorldError(str(folder), Said("this folder is not empty"), "a new folder, or --overwrite")
    made = certificates(config.names)
    passwords = {name: secrets.token_urlsafe(18) for name in names}
    hashes = [f"{name}:{hashed(password)}" for name, password in passwords.items()]
    files = {
        "ca.crt": (made.ca, 0o644), "server.crt": (made.server, 0o644), "server.key": (made.key, 0o600),
        "passwords": (("\n".join(hashes) + "\n").encode(), 0o600), "acl": (access(config).encode(), 0o600),
        "mosquitto.conf": (settings(folder.resolve(), config).encode(), 0o644),
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (content, mode) in files.items():
            _put(folder / name, content, mode)
    except OSError as error:
        raise BrokerError(f"{folder}: cannot be written: {error.strerror}") from None
    return passwords


def hashed(password: str, salt: bytes | None = None) -> str:
    """A password as Mosquitto keeps it: ``$7$rounds$salt$hash``, PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12) if salt is None else salt
    found = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(found).decode()}"


def settings(folder: Path, config: Config) -> str:
    """The text of mosquitto.conf; paths are absolute, since Mosquitto reads relative ones from where it is started."""
    return f"""# written by society broker-config; start it with: mosquitto -c {folder}/mosquitto.conf
listener {config.port} {config.listen}
set_tcp_nodelay true
# everything is encrypted; ca.crt is what clients need to believe server.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
# who may connect, and what each may publish and read
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
# nothing that is too large gets in
message_size_limit {LARGEST + 4096}
max_packet_size {LARGEST + 8192}
# nothing is dropped in silence for being one too many, but nobody can fill the memory (0, for "any number", makes
# Mosquitto 2.0.11 throw out clients whose publication it refuses)
max_queued_messages 1000000
max_queued_bytes {256 * 1024 * 1024}
max_inflight_messages 0
# delivery is mended end to end by the engine: nothing needs to be kept on disk
persistence false
"""


def access(config: Config) -> str:
    """The text of the access list: by user, what it may publish and what it may read."""
    blocks = [(ENGINE, _engine())]
    blocks += [(user.name, _client(user) if user.family is not None else _observer(user)) for user in config.users]
    return "\n".join(f"user {name}\n" + "".join(f"topic {rule}\n" for rule in rules) for name, rules in blocks)


def _engine() -> Iterable[str]:
    """The engine publishes what is read by people and minds, and its shards speak to each other and to themselves."""
    for topic in (MANIFEST, STATE, EVENTS, MESSAGES, BOARD, SETTINGS, ASK, INBOX):
        yield f"write {topic.filter()}"
    yield from (f"read {HOST.filter()}", f"read {ANSWER.filter()}", f"readwrite {BATCH.filter()}")


def _client(user: User) -> Iterable[str]:
    """A host or an agent: publishes as itself, reads what is meant for it."""
    assert user.family is not None
    own = {"family": user.family, "client": user.name}
    yield from (f"readwrite {HOST.filter(**own)}", f"write {ANSWER.filter(**own)}", f"read {ASK.filter(**own)}")
    yield f"read {SETTINGS.filter(family=user.family)}"
    yield from _public()
    if user.agent:
        yield f"read {INBOX.filter(**own)}"
    yield from (f"read {BOARD.filter(zone=zone)}" for zone in user.zones)


def _observer(user: User) -> Iterable[str]:
    """Who looks on reads what is said to an audience that knows no more, and the lines that it may see."""
    yield from _public()
    yield f"read {BOARD.filter()}"
    told = [word for word, audience in AUDIENCES.items() if Audience.PUBLIC < audience <= user.audience]
    yield from (f"read {EVENTS.filter(audience=word)}" for word in told)
    if user.audience == Audience.OVERSEER:
        yield f"read {MESSAGES.filter(line=Line.OVERSEER.word)}"
    elif user.audience == Audience.SCIENTIST:
        yield f"read {MESSAGES.filter()}"


def _public() -> Sequence[str]:
    topics: tuple[Topic, ...] = (MANIFEST, STATE)
    return [*(f"read {topic.filter()}" for topic in topics), f"read {EVENTS.filter(audience=Audience.PUBLIC.word)}"]


def _checked(place: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WorldError(place, name, f"{_SHAPES.get(place, 'NAME')}, each of 1 to 60 letters, digits and . _ ~ -")
    return name


def _put(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, never readable by others than it should be."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    if os.geteuid() == 0 and MOSQUITTO_USER in (one.pw_name for one in pwd.getpwall()):
        shutil.chown(aside, MOSQUITTO_USER)  # started by root, Mosquitto becomes this user before it reads them
    os.replace(aside, path)
