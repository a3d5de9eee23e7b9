"""Which key may go to which server: what the user said, and nothing else."""

import pytest

from society.ground.errors import ModelError, WorldError
from society.llm.grants import WELL_KNOWN, Grant, endpoints_file, granted, key_for, key_of

GATEWAY = "https://gateway.example/v1"


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """A machine whose user has no file of endpoints yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SOCIETY_ENDPOINTS", raising=False)
    return tmp_path / "config" / "society"


def test_a_key_goes_to_its_own_provider_and_nowhere_else():
    for key, server in WELL_KNOWN.items():
        assert key_for(f"{server}/v1", key, granted(), "families.a") == key
    for key in WELL_KNOWN:
        with pytest.raises(
            ModelError, match=rf"families\.a: .*{key}.*nothing was sent.*--grant {key}=https://evil\.example"
        ):
            key_for("https://evil.example/v1", key, granted(), "families.a")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com.evil.example/v1", "https://evil-api.openai.com/v1", "https://openai.com/v1", "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1", "https://xn--pi-7kc.openai.com/v1", "http://169.254.169.254/v1", "http://10.0.0.1:8000/v1",
    ],
)  # fmt: skip
def test_servers_that_look_like_a_provider_get_no_key(url):
    with pytest.raises(ModelError, match="nothing was sent"):
        key_for(url, "OPENAI_API_KEY", granted(), "families.a")


def test_a_world_cannot_choose_another_key_of_the_environment():
    for url in ("https://api.openai.com/v1", GATEWAY):
        with pytest.raises(ModelError, match="AWS_SECRET_ACCESS_KEY, which you have not allowed"):
            key_for(url, "AWS_SECRET_ACCESS_KEY", granted([Grant(GATEWAY, "GATEWAY_KEY")]), "families.a")


def test_this_machine_is_asked_without_a_key_unless_one_was_allowed():
    for key in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        assert key_for("http://127.0.0.1:11434/v1", key, granted(), "families.a") is None
    allowed = granted([Grant("http://127.0.0.1:4000", "PROXY_KEY")])
    assert key_for("http://127.0.0.1:4000/v1", "PROXY_KEY", allowed, "families.a") == "PROXY_KEY"
    assert key_for("http://127.0.0.1:4000/v1", "OPENAI_API_KEY", allowed, "families.a") == "PROXY_KEY"
    assert key_for("http://127.0.0.1:4001/v1", "PROXY_KEY", allowed, "families.a") is None
    with pytest.raises(ModelError, match=r"SECRET, which you have not allowed; you allowed it PROXY_KEY"):
        key_for("http://127.0.0.1:4000/v1", "SECRET", allowed, "families.a")


def test_what_was_allowed_is_sent():
    allowed = granted([Grant.of("GATEWAY_KEY=gateway.example"), Grant.of("none=http://10.0.0.5:8000")])
    assert key_for("https://GATEWAY.example/other/v1", "GATEWAY_KEY", allowed, "families.a") == "GATEWAY_KEY"
    assert key_for(GATEWAY, "OPENAI_API_KEY", allowed, "families.a") == "GATEWAY_KEY"
    assert key_for("http://10.0.0.5:8000/v1", "ANY", allowed, "families.a") is None


@pytest.mark.parametrize(
    "words", ["", "KEY", "KEY=", "=https://a.example", "KEY=http://a.example", "sk-12345=https://a.example", "K=https://u:p@a.example",
              "K Y=https://a.example", "KEY=ftp://a.example"],
)  # fmt: skip
def test_grants_that_are_none(words):
    with pytest.raises(WorldError) as caught:
        Grant.of(words)
    assert "12345" not in str(caught.value)


def test_the_users_file_of_endpoints_allows_and_never_lies_beside_a_world(settings, monkeypatch, tmp_path):
    settings.mkdir(parents=True)
    (settings / "endpoints.yaml").write_text(
        f"gateway: {{base_url: {GATEWAY}, key: GATEWAY_KEY}}\nlan: {{base_url: 'http://10.0.0.5:8000/v1'}}\n"
    )
    assert key_for(GATEWAY, "GATEWAY_KEY", granted(), "families.a") == "GATEWAY_KEY"
    assert key_for("http://10.0.0.5:8000/v1", "ANY", granted(), "families.a") is None
    other = tmp_path / "other.yaml"
    monkeypatch.setenv("SOCIETY_ENDPOINTS", str(other))
    assert endpoints_file() == other
    with pytest.raises(ModelError, match="not allowed"):
        key_for(GATEWAY, "GATEWAY_KEY", granted(), "families.a")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "endpoints.yaml").write_text(f"gateway: {{base_url: {GATEWAY}, key: GATEWAY_KEY}}\n")
    with pytest.raises(ModelError, match="not allowed"):
        key_for(GATEWAY, "GATEWAY_KEY", granted(), "families.a")


@pytest.mark.parametrize(
    "text",
    ["- a", "a: 1", "a: {key: K}", "a: {base_url: 7}", "a: {base_url: 'https://a.example', key: 7}", "a: {base_url: x}", "a: [",
     "a: {base_url: 'http://a.example', key: K}", "a: {base_url: 'https://a.example', secret: K}", "\x00"],
)  # fmt: skip
def test_a_file_of_endpoints_that_is_wrong_is_named(settings, text):
    settings.mkdir(parents=True)
    (settings / "endpoints.yaml").write_text(text)
    with pytest.raises(WorldError, match=r"endpoints\.yaml"):
        granted()


def test_a_file_of_endpoints_that_everybody_may_write_is_not_believed(settings):
    settings.mkdir(parents=True)
    file = settings / "endpoints.yaml"
    file.write_text("{}")
    file.chmod(0o666)
    with pytest.raises(WorldError, match="everybody can write this file"):
        granted()


def test_a_server_named_by_the_user_needs_a_key_that_is_named_or_its_own():
    assert key_of("https://api.openai.com/v1", None, "judge") == "OPENAI_API_KEY"
    assert key_of("http://127.0.0.1:1/v1", None, "judge") is None
    assert key_of(GATEWAY, "GATEWAY_KEY", "judge") == "GATEWAY_KEY"
    assert key_of("http://10.0.0.5:8000/v1", "none", "judge") is None
    with pytest.raises(ModelError, match=r"judge: say which key https://gateway\.example is sent"):
        key_of(GATEWAY, None, "judge")
    with pytest.raises(ModelError, match="keys go over https"):
        key_of("http://10.0.0.5:8000/v1", "GATEWAY_KEY", "judge")
