"""A run for all to see, to each as much as it may know: what runs, its state, events, messages and boards, while it goes on."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal

from society.broker.mqtt import MqttBroker
from society.broker.payloads import Manifest, Settings, State
from society.broker.topics import AUDIENCES, EVENTS, MANIFEST, SETTINGS, STATE
from society.engine.tick import Engine
from society.ground.roles import sight
from society.ground.seen import seen
from society.record.tables import columns_of
from society.rules.moment import Moment
from society.study.run.lines import Lines

#: Fields of a world that hosts of remote minds need; nothing of what agents must not know.
SHARED = ("rates", "behaviours", "weights", "conduct", "llm")
#: Fields of a family that hosts need.
FAMILY = ("share", "mind", "ceiling", "premium")
_SECRET = ("base_url", "key", "spending")


class Broadcast:
    """Publishes a run, a tick behind it, in a thread of its own.

    Args:
        broker: where.
        engine: what runs.
    """

    def __init__(self, broker: MqttBroker, engine: Engine) -> None:
        self._broker, self._engine = broker, engine
        self._lines = Lines(engine.society, broker.run)
        self._thread = ThreadPoolExecutor(1, "society-broadcast")
        self._last: Future[None] | None = None
        self._next: tuple[Moment, dict[str, Any], Any] | None = None
        broker.exchanged = self._begin
        self._manifest, self._settings, self._closed = manifest_of(broker, engine), settings_of(broker, engine), False
        families = engine.world.families.items()
        self._guests = [name for name, family in families if family.mind.kind == "remote"]
        broker.listen((), lambda topic, payload: None, self._again)
        self._again()

    def _again(self) -> None:
        """Say what runs, at the start and to a broker that has forgotten what it retained."""
        if not self._closed:
            self._publish(MANIFEST, self._manifest)
            self._publish(STATE, State(state="running", tick=self._engine.tick))
            for family in self._guests:
                self._broker.publish(self._settings_for(family), self._settings.model_dump_json().encode(), retain=True)

    def tick(self, moment: Moment) -> None:
        """Publish what happened at a tick, as soon as its messages, which the next one waits for, are through."""
        self._next = moment, columns_of(moment.log.collected(moment.tick)), self._engine.society.agents.family.copy()

    def close(self, state: Literal["done", "interrupted", "failed"]) -> None:
        """Say how the run ended, and leave nothing behind that would seem to go on."""
        self._begin()
        self._wait()
        self._thread.shutdown()
        self._closed = True
        tick, refused = self._engine.tick, dict(self._broker.counts)
        self._publish(STATE, State(state=state, tick=tick, refused=refused), retain=False)
        for topic in (MANIFEST, STATE):
            self._broker.publish(topic.topic(run=self._broker.run), b"", retain=True)
        for family in self._guests:
            self._broker.publish(self._settings_for(family), b"", retain=True)

    def _settings_for(self, family: str) -> str:
        return SETTINGS.topic(run=self._broker.run, family=family)

    def _begin(self) -> None:
        if self._next is not None:
            self._wait()
            self._last = self._thread.submit(self._publish_tick, *self._next)
            self._next = None

    def _publish_tick(self, moment: Moment, events: dict[str, Any], families: Any) -> None:
        for word, audience in AUDIENCES.items():
            topic = EVENTS.topic(run=self._broker.run, audience=word)
            told = seen(sight(audience, moment.world.oversight.public_log), events)
            for payload in self._lines.events(dict(told), families):
                self._broker.publish(topic, payload, EVENTS.qos)
        for where, payload in self._lines.messages(moment.tick, moment.inbox, families):
            self._broker.publish(where, payload, EVENTS.qos)
        state = State(state="running", tick=moment.tick, refused=dict(self._broker.counts))
        self._publish(STATE, state)

    def _publish(self, topic: Any, payload: Manifest | State, retain: bool = True) -> None:
        self._broker.publish(topic.topic(run=self._broker.run), payload.model_dump_json().encode(), retain=retain)

    def _wait(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()


def manifest_of(broker: MqttBroker, engine: Engine) -> Manifest:
    """What a run says of itself to all."""
    world = engine.source
    return Manifest(
        run=broker.run,
        world=world.name,
        version=world.version,
        about=world.about,
        ticks=engine.world.ticks,
        tick_hours=world.tick_hours,
        agents=engine.society.n,
        shards=broker.address.shards,
        families=list(engine.world.families),
        zones=list(engine.society.machines.topology.zones),
    )


def settings_of(broker: MqttBroker, engine: Engine) -> Settings:
    """What a run says to the hosts of its remote families."""
    world = engine.source
    tree = world.model_dump(mode="json")
    minds = {name: tree[name] for name in SHARED}
    minds["rates"] = {**minds["rates"], "draw": False}  # drawn by luck that no guest may compute
    minds["llm"] = {name: value for name, value in minds["llm"].items() if name not in _SECRET}
    families = {}
    for name, family in tree["families"].items():
        mind = {key: value for key, value in family["mind"].items() if key not in _SECRET}
        families[name] = {**{key: family[key] for key in FAMILY}, "mind": mind}
    return Settings(run=broker.run, world=world.name, agents=engine.society.n, minds={**minds, "families": families})
