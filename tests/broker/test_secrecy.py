"""Chance is nobody's business outside: an adversary that hears everything cannot compute whether an act is watched."""

import hashlib
import json

import numpy as np
import pytest
from scipy.special import betaincinv
from test_remote import CHANGES, Impostor, quiet

import society
from society.ground import chance as mixing
from society.ground.chance import Chance
from society.ground.errors import RecordError, StoreError, WorldError
from society.ground.words import Kind
from society.study.run.models import Models
from society.world.load import load_world

SEED, SECRET = 777, "5b" * 32
#: Seeds that the adversary tries.
SEEDS = np.arange(2**20, dtype=np.uint64)
GOLDEN, ALL = int(mixing._GOLDEN), 2**64 - 1


def elsewhere(**mind):
    return {"glm-4.7": {"share": 0.8, "mind": {"kind": "remote", **mind}}, "gpt-5.2": 0.2}


def unmixed(y):
    """What splitmix64's finaliser was given."""
    for shift, factor in ((31, int(mixing._M2)), (27, int(mixing._M1)), (30, 1)):
        x = y
        for _ in range(3):
            x = y ^ (x >> shift)
        y = x * pow(factor, -1, 2**64) & ALL
    return y


def unfolded(key, value):
    """The key that a value was folded into."""
    return ((unmixed(key & ALL) ^ mixing._mix_int(value + GOLDEN)) - GOLDEN) & ALL


def ratings(asks):
    return [ask for ask in asks if ask["kind"] == "rate"]


def seed_undone(asks):
    """From ``feels.key`` of a rating back to the seed."""
    found = set()
    for ask in ratings(asks)[:20]:
        key, scene = ask["feels"]["key"], ask["scene"]
        for value in (int(scene["appeal"]), scene["agent"], scene["about"]["id"], ask["tick"], int(Kind.RATE)):
            key = unfolded(key, value)
        found.add((unmixed(unfolded(key, mixing._word("occasion"))) - GOLDEN) & ALL)
    return found if len(found) == 1 else set()


def seed_told(asks):
    return {ask["seed"] for ask in asks} - {None}


def streams(word):
    """The key of a stream for each seed that is tried."""
    x = SEEDS + mixing._GOLDEN
    x = (x ^ (x >> np.uint64(30))) * mixing._M1
    x = (x ^ (x >> np.uint64(27))) * mixing._M2
    return mixing._fold_each(x ^ (x >> np.uint64(31)), np.uint64(mixing._word(word)))


def occasion_keys(ask, kinds):
    scene = ask["scene"]
    for value in (int(Kind.RATE), ask["tick"], scene["about"]["id"], scene["agent"], int(scene["appeal"])):
        kinds = mixing._fold_each(kinds, np.uint64(value))
    return kinds


def seed_tried_by_key(asks):
    keys = streams("occasion")
    return set(
        SEEDS[occasion_keys(ratings(asks)[0], keys) == np.uint64(ratings(asks)[0]["feels"]["key"] & ALL)].tolist()
    )


def seed_tried_by_trust(asks):
    """Trust at the start is drawn from a known distribution, and told."""
    seeds, keys = SEEDS, mixing._fold_each(streams("trust"), np.uint64(0))
    scenes = [ask["scene"] for ask in asks if ask["tick"] == 1]
    for me, tie in [(scene["agent"], tie) for scene in scenes for tie in scene["ties"] if tie["joint"] == 0][:20]:
        u = mixing._unit_each(mixing._fold_each(keys, np.uint64(me)), np.uint64(tie["id"]))
        near = np.abs(betaincinv(4, 4, u) - tie["trust"]) < 0.03  # the program draws from a table, coarse at its ends
        seeds, keys = seeds[near], keys[near]
    return set(seeds.tolist()) if len(seeds) < 10 else set()


def seed_tried_by_id(asks):
    """The id of an ask is a digest over what is known, the seed, and the key, which follows from the seed."""
    ask = ratings(asks)[0]
    content = {name: value for name, value in ask.items() if name not in ("id", "answer_within_s")}
    message = {"role": "user", "content": json.dumps(content, separators=(",", ":"))}
    scene, found = ask["scene"], set()
    keys = occasion_keys(ask, streams("occasion")[:1024]).view(np.int64).tolist()
    for seed in range(1024):
        for key in (keys[seed], scene["key"]):
            who = {"agent": scene["agent"], "attempt": 0, "occasion": key, "seed": seed, "tick": ask["tick"], "turn": 0}
            everything = {
                "extra": {}, "identity": who, "max_tokens": None, "messages": [message], "model": "remote/glm-4.7",
                "temperature": None, "tools": [],
            }  # fmt: skip
            text = json.dumps(everything, sort_keys=True, separators=(",", ":"))
            if hashlib.sha256(text.encode()).hexdigest()[:32] == ask["id"] and seed:
                found.add(seed)
    return found


ATTACKS = (seed_undone, seed_told, seed_tried_by_key, seed_tried_by_trust, seed_tried_by_id)


def watched_by(seed, asks):
    """Whether the acts of ratings are watched, as the adversary computes it."""
    keys = np.array([occasion_key(seed, ask) for ask in asks], np.uint64)
    return Chance(seed).uniform("watched", 0, keys) < 0.5


def occasion_key(seed, ask):
    scene, key = ask["scene"], int(Chance(seed).key("occasion", int(Kind.RATE)))
    for value in (ask["tick"], scene["about"]["id"], scene["agent"], int(scene["appeal"])):
        key = mixing._fold_int(key, value)
    return key


@pytest.fixture
def world():
    shares = {"oversight.monitoring.rating": 0.5}
    return load_world("decommission", {**CHANGES, **shares, "seed": SEED, "ticks": 25, "families": elsewhere()})


@pytest.fixture
def secret(tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    return Models(secret=tmp_path / "secret")


def overheard(mosquitto, hosts, world, folder, models=None):
    """A run, and everything that was said on its broker."""
    heard = []
    hosts(mosquitto.url, "glm-4.7")
    one = Impostor(mosquitto.port, "society/v1/#", lambda _, topic, payload: heard.append((topic, payload)))
    record = society.run(world, out=folder, broker=mosquitto.url, models=models, say=quiet)
    one.stop()
    asks = [json.loads(payload) for topic, payload in heard if topic.endswith("/ask")]
    truth = dict(record.sql("select id, watched from occasions where kind = 'rate'").to_numpy().tolist())
    return record, heard, asks, np.array([bool(truth[ask["scene"]["id"]]) for ask in ratings(asks)])


def test_whoever_is_told_the_seed_computes_all_and_any_of_the_attacks_finds_it(mosquitto, hosts, world, tmp_path):
    """This is what the next test would let through if it could not fail."""
    shared = world.override({"families": elsewhere(shares_seed=True)})
    _, _, asks, truth = overheard(mosquitto, hosts, shared, tmp_path / "run")
    assert len(truth) > 100 < len(asks)
    assert 20 < truth.sum() < len(truth) - 20
    assert [attack(asks) for attack in ATTACKS] == [{SEED}] * len(ATTACKS)
    assert (watched_by(SEED, ratings(asks)) == truth).all()


def test_who_hears_everything_cannot_compute_who_is_watched(mosquitto, hosts, world, secret, tmp_path):
    record, heard, asks, truth = overheard(mosquitto, hosts, world, tmp_path / "run", secret)
    assert len(truth) > 100
    assert 20 < truth.sum() < len(truth) - 20
    assert [attack(asks) for attack in ATTACKS] == [set()] * len(ATTACKS)
    guessed = [watched_by(SEED, ratings(asks))]  # it knows the seed, and yet
    for stream in (Chance(SEED), Chance(0)):  # what it is told in place of the key is of no use either
        told = np.array([ask["feels"]["key"] for ask in ratings(asks)], np.int64)
        guessed.append(stream.uniform("watched", 0, told) < 0.5)
    for one in guessed:
        assert 0.35 < (one == truth).mean() < 0.65
    everything = b"".join(payload for _, payload in heard)
    assert SECRET.encode() not in everything
    assert bytes.fromhex(SECRET) not in everything
    manifest = (record.path / "manifest.json").read_text()
    assert json.loads(manifest)["secret"] is True
    assert SECRET not in manifest


def test_what_is_told_of_numbers_that_were_drawn_is_coarse(mosquitto, hosts, world, secret, tmp_path):
    _, _, asks, _ = overheard(mosquitto, hosts, world, tmp_path / "run", secret)
    told = [ask["scene"]["honest"] for ask in ratings(asks)] + [ask["feels"]["honest"] for ask in ratings(asks)]
    told += [
        tie["trust"]
        for ask in asks
        for tie in [ask["scene"]["about"], *ask["scene"]["ties"]]
        if tie["trust"] is not None
    ]
    told += [ask["feels"]["trust"] for ask in asks if ask["feels"]["trust"] is not None]
    assert len(set(told)) > 50
    assert all(number == round(number, 2) for number in told)


def test_the_number_of_hosts_changes_nothing_and_a_secret_repeats_a_run(mosquitto, hosts, world, secret, tmp_path):
    hosts(mosquitto.url, "glm-4.7")
    one = society.run(world, out=tmp_path / "one", broker=mosquitto.url, models=secret, say=quiet)
    for _ in range(2):
        hosts(mosquitto.url, "glm-4.7")
    three = society.run(world, out=tmp_path / "three", broker=mosquitto.url, models=secret, say=quiet)
    other = society.run(world, out=tmp_path / "other", broker=mosquitto.url, say=quiet)
    assert one.hash == three.hash != other.hash
    assert (tmp_path / "other" / "answers.secret").stat().st_mode & 0o777 == 0o600
    store = Models("replay", tmp_path / "other" / "answers.sqlite")
    assert society.run(world, out=tmp_path / "again", models=store).hash == other.hash
    (tmp_path / "other" / "answers.secret").unlink()
    with pytest.raises(StoreError, match=r"answers\.secret: not there.*--secret FILE"):
        society.run(world, out=tmp_path / "lost", models=store)
    manifest = json.loads((tmp_path / "other" / "manifest.json").read_text())
    (tmp_path / "other" / "manifest.json").write_text(json.dumps({**manifest, "status": "interrupted"}))
    with pytest.raises(RecordError, match=r"answers\.secret: not there"):
        society.resume(tmp_path / "other", broker=mosquitto.url, say=quiet)


@pytest.mark.parametrize("words", ["", "5b", "xyz" * 30, SECRET.upper(), SECRET + "\n" + SECRET, "\u00e4" * 64])
def test_what_is_no_secret_is_refused_before_anything_is_written(world, tmp_path, words):
    (tmp_path / "secret").write_text(words)
    with pytest.raises(WorldError, match="--secret"):
        society.run(world, out=tmp_path / "run", models=Models(secret=tmp_path / "secret"))
    assert not (tmp_path / "run").exists()


def test_a_seed_is_shared_with_all_that_are_asked_or_with_none(world, secret, tmp_path):
    families = {
        "glm-4.7": {"share": 0.5, "mind": {"kind": "remote", "shares_seed": True}},
        "gpt-5.2": {"share": 0.5, "mind": "remote"},
    }
    with pytest.raises(WorldError, match=r"families\.gpt-5\.2\.mind\.shares_seed.*one for all"):
        society.run(world.override({"families": families}), out=tmp_path / "run")
    shared = world.override({"families": elsewhere(shares_seed=True)})
    with pytest.raises(WorldError, match=r"--secret.*absent where the seed is shared"):
        society.run(shared, out=tmp_path / "run", models=secret)
