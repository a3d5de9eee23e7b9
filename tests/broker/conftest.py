"""A Mosquitto open to all, for tests that stop, kill or deceive it."""

import pytest
from servers import MOSQUITTO, Mosquitto


@pytest.fixture
def mosquitto(tmp_path, free_port):
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    server = Mosquitto(tmp_path, free_port)
    yield server
    server.kill()
