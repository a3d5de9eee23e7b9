"""Addresses: what is plain is read alike by everybody, and everything else is refused without being shown."""

import pytest

from society.ground.errors import ModelError
from society.llm.address import server_of

SMUGGLED = [
    "", "api.openai.com", "ftp://api.openai.com", "//api.openai.com", "https://", "https:///v1", "https://user@api.openai.com",
    "https://api.openai.com@evil.example", "https://api.openai.com:443@evil.example", "https://user:secret@api.openai.com/v1",
    "https://evil.example#@api.openai.com", "https://evil.example?@api.openai.com", "https://evil.example\\@api.openai.com",
    "https:\\\\evil.example", "https://api.openai.com\\.evil.example", "https://api.openai.com.", "https://api.openai.com./v1",
    "https://api..openai.com", "https://.openai.com", "https://api.openai.com/v1?key=1", "https://api.openai.com/v1#a",
    "https://api.opena\u0456.com/v1", "https://\u0430pi.openai.com", "https://api\u3002openai\u3002com", "https://api.openai.com\uff0fv1",
    "https://api.openai.com%2eevil.example", "https://api.openai.com/%2e%2e/v1", "https://api.openai.com/v1\r\nHost: evil.example",
    "https://api.openai.com\t", " https://api.openai.com", "https://api.openai.com ", "https://api.open\nai.com", "https://api.openai.com\x00",
    "https://api.openai.com:0", "https://api.openai.com:65536", "https://api.openai.com:", "https://api.openai.com:44e3",
    "https://api.openai.com:\u0664\u0664\u0663", "http://[::1", "http://[::1]evil.example", "http://[zz::1]", "http://[::1%25lo]",
    "https://-api.openai.com", "https://api.openai.com-", "https://api.openai.com;evil.example", "https://api.openai.com,evil.example",
    "https://[127.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("url", SMUGGLED, ids=ascii)
def test_addresses_that_could_be_read_in_two_ways_are_refused(url):
    with pytest.raises(ModelError) as caught:
        server_of(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://API.OPENAI.COM/v1", "https://api.openai.com"),
        ("HTTPS://api.openai.com:443", "https://api.openai.com"),
        ("https://api.openai.com:8443/v1/", "https://api.openai.com:8443"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
        ("http://[0:0:0:0:0:0:0:1]:80/v1", "http://[::1]"),
        ("https://xn--opena-9za.com/v1", "https://xn--opena-9za.com"),
        ("http://localhost/api/v1", "http://localhost"),
    ],
)
def test_one_server_has_one_name(url, server):
    assert str(server_of(url)) == server
    assert server_of(url) == server_of(server)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1", True), ("http://LOCALHOST", True), ("http://127.0.0.1", True), ("http://127.8.9.1", True),
        ("http://[::1]", True), ("http://localhost.evil.example", False), ("http://127.0.0.1.evil.example", False),
        ("http://evil.localhost", False), ("http://0.0.0.0", False), ("http://[::]", False), ("http://127.1", False),
        ("http://2130706433", False), ("http://0x7f000001", False), ("http://017700000001", False), ("http://128.0.0.1", False),
        ("http://[::ffff:127.0.0.1]", False), ("http://[fe80::1]", False), ("http://10.0.0.1", False), ("http://169.254.169.254", False),
    ],
)  # fmt: skip
def test_this_machine_is_only_what_says_so_plainly(url, local):
    assert server_of(url).local is local
    assert server_of(url).keeps_secrets is local


def test_different_schemes_and_ports_are_different_servers():
    urls = ["https://a.example", "http://a.example", "https://a.example:8443", "https://b.a.example"]
    assert len({server_of(url) for url in urls}) == 4
