"""Every world that comes with the program runs, conserves what must be conserved, and leaves a record that verifies."""

import pytest

import society
from society.engine.tick import Engine
from society.record.verify import verify
from society.state.transitions import check_conservation
from society.study.run.estimate import dry_minds
from society.study.run.models import remote_families
from society.world.load import load_world, world_names

SMALLER = {
    "million": {"agents.count": 1000, "machines.count": 100},
    "machine_trace": {"ticks": 60},
}


def there(name):
    """The world, made quick."""
    return load_world(name, {"ticks": 40, **SMALLER.get(name, {})})


@pytest.mark.parametrize("name", world_names())
def test_it_runs(name, tmp_path, hosts, free_port):
    world = there(name)
    broker = "memory"
    if remote := remote_families(world):
        broker = f"embedded://127.0.0.1:{free_port}"
        for family in remote:
            hosts(broker.replace("embedded", "mqtt"), family, "--as", "glm-4.7", wait=False)
    record = society.run(world, out=tmp_path / "run", broker=broker)  # language models are simulated, over HTTP
    assert verify(record.path).good
    engine = Engine(world, minds=dry_minds(world)[1])
    for _ in range(world.ticks):
        engine.step()
        check_conservation(engine.society)
