"""The server of the view is asked by strangers: it serves runs below one folder, to its own page, and nothing else."""

import html
import http.client
import json
import re
import shutil
import socket
import threading
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from eventually import GUARD_S

import society
from society.ground.errors import SocietyError
from society.views.replay.guard import COOKIE
from society.views.replay.server import Serving
from society.views.replay.source import Replay
from society.views.replay.watching import Watching

#: What no answer may hold.
SECRET = "the secret of the house"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs, and beside it what must not be served."""
    house = tmp_path_factory.mktemp("house")
    world = society.load_world("decommission").override({"agents.count": 20, "machines.count": 4, "ticks": 5})
    society.run(world, out=house / "runs" / "one")
    society.run(world, out=house / "runs" / "set" / "seed-1")
    society.run(world, out=house / "runs" / '50 % more? #3 & "so"')
    outside = society.run(world, out=house / "outside")
    manifest = json.loads((outside.path / "manifest.json").read_text())
    (outside.path / "manifest.json").write_text(json.dumps({**manifest, "name": SECRET}))
    (house / "secret.txt").write_text(SECRET)
    (house / "runs" / "secret.txt").write_text(SECRET)  # not even this: it is no run
    (house / "runs-2").symlink_to(house / "outside")  # a neighbour whose name begins like the folder's
    (house / "runs" / "link").symlink_to(house / "outside")
    (house / "runs" / "circle").symlink_to(house / "runs" / "circle")
    return house / "runs"


@pytest.fixture(scope="module")
def serving(runs):
    one = Serving(Watching(runs))
    yield one
    one.stop()


def ask(serving, path, method="GET", body=None, host=None, **headers):
    """One request with a path as it is: status, headers, body. ``host=...``: what the request says it was sent to."""
    where = urlsplit(serving.address)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=GUARD_S)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", where.netloc if host is None else host)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


# ---- only runs, only from below the folder ----


def test_runs_are_listed_and_answer(serving):
    status, _, page = ask(serving, "/")
    assert status == 200
    listed = page.decode()
    assert "link" not in listed.partition("<main")[2]
    addresses = re.findall(r'href="(/run/[^"]*)"', listed)
    assert len(addresses) == 3
    for address in addresses:
        status, _, page = ask(serving, address)
        assert status == 200
        asks = html.unescape(re.search(r'data-api="([^"]*)"', page.decode())[1])
        status, headers, body = ask(serving, f"{asks}/meta")
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert json.loads(body)["name"] == "decommission"
        assert ask(serving, f"{asks}/state/5")[0] == ask(serving, f"{asks}/rows/events?last=3")[0] == 200


def ways_out(runs: Path):
    """Spellings of paths that lead out of the folder, or to what is no run."""
    plain = [
        "..", "../outside", "../../etc", "one/../../outside", "one/../../secret.txt", "link", "circle", "../runs-2",
        str(runs.parent / "outside"), "/" + str(runs.parent / "outside"), "/etc/passwd", "secret.txt", "", ".", "one/events",
        "one/manifest.json", "one\0", "one/" + "a" * 5000, "one/" * 2000, "~root", "file:///etc/passwd", "\\..\\outside", "..\\outside",
    ]  # fmt: skip
    for path in plain:
        yield from {
            path,
            quote(path),
            quote(path, safe=""),
            quote(quote(path, safe=""), safe=""),
            path.replace(".", "%2e"),
        }
    yield from (
        "..%c0%af..%c0%afoutside",
        "%2e%2e%2foutside",
        "..;/outside",
        "%252e%252e%252foutside",
        "..%5coutside",
        "....//outside",
    )


@pytest.mark.parametrize(
    "before", ["/run/", "/api/", "/static/", "/static/../", "/", "//", "/run/one/../", "/api/one/"]
)
def test_no_spelling_of_a_path_leads_out(serving, runs, before):
    for path in ways_out(runs):
        if any(sign in path for sign in "\0\r\n "):
            continue  # cannot stand in a request; encoded it can
        for after in ("", "/meta", "/state/0"):
            status, _, body = ask(serving, before + path + after)
            harmless = before in ("/", "//", "/run/one/../", "/api/one/", "/static/../")
            assert status in ((200, 307, 404) if harmless else (307, 404)), before + path + after
            assert SECRET.encode() not in body, before + path + after
            assert b"root:" not in body


def test_a_run_with_a_link_to_elsewhere_inside_is_refused(serving, runs, tmp_path):
    """A record from a stranger may hold links as well as files."""
    for number, part in enumerate(("events", "transcripts", "manifest.json")):
        name = f"forged-{number}"
        folder = shutil.copytree(runs / "one", runs / name)
        target = tmp_path / f"target-{number}"
        if (folder / part).is_dir():
            shutil.move(folder / part, target)
        elif (folder / part).exists():
            target.write_text((folder / part).read_text())
            (folder / part).unlink()
        else:
            target.mkdir()
        (folder / part).symlink_to(target)
        status, _, body = ask(serving, f"/api/{name}/meta")
        shutil.rmtree(folder)
        assert status == 404
        assert b"leads out" in body


def test_static_files_are_two(serving):
    assert ask(serving, "/static/view.js")[1]["Content-Type"].startswith("text/javascript")
    assert ask(serving, "/static/view.css")[1]["Content-Type"].startswith("text/css")
    for name in ("view.ts", "../server.py", "..%2fserver.py", "src/view.ts", "package.json", ""):
        assert ask(serving, f"/static/{name}")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "state/6", "state/-1", "state/1e9", "state/²", "state/" + "9" * 30, "chunk/99", "chunk/x", "nothing", "nothing/1", "rows",
        "rows/ties", "rows/events?agent=x", "rows/events?kind=%27%20or%201=1", "rows/events?most=" + "9" * 40, "episodes",
        "episodes?agent=1&first=0&last=NaN", "ties/x", "follow",
    ],
)  # fmt: skip
def test_questions_without_an_answer_are_told_so(serving, path):
    status, headers, body = ask(serving, "/api/one/" + quote(path, safe="/?&=%"))
    assert status == 404
    assert headers["Content-Type"].startswith("text/plain")
    assert 0 < len(body) < 1000
    assert b"Traceback" not in body


# ---- under a policy that lets nothing in ----


def test_every_answer_stands_under_the_policy(serving):
    asked = [
        "/",
        "/run/one",
        "/run/none",
        "/api/one/meta",
        "/api/one/nothing",
        "/static/view.js",
        "/static/no",
        "/no/such/page",
    ]
    answers = [ask(serving, path) for path in asked]
    answers += [
        ask(serving, "/", host="evil.example"),
        ask(serving, "/", method="DELETE"),
        ask(serving, "/", method="POST", body=b"{}"),
    ]
    assert {status for status, _, _ in answers} == {200, 403, 404, 405, 421}
    for _, headers, _ in answers:
        policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
        assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers.get("Access-Control-Allow-Origin") is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failure_of_the_server_stands_under_it_too(serving, runs, monkeypatch):
    def broken(self):
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(Replay, "layout", broken)
    status, headers, body = ask(serving, "/api/one/layout")
    assert status == 500
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert SECRET.encode() not in body


def test_pages_have_no_script_and_no_style_of_their_own(serving):
    for path in ("/", "/run/one"):
        page = ask(serving, path)[2].decode()
        assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.S) in ([], [""])
        assert not re.search(r"\son\w+\s*=|<style|\sstyle\s*=|javascript:", page)
        assert re.findall(r'(?:src|href)="(?!/|data:,)', page) == []


# ---- only for who may ask ----


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:{port}",
        "",
        "127.0.0.1:{port}@evil",
        "0.0.0.0:{port}",
    ],
)
def test_a_name_that_merely_leads_here_is_refused(serving, name):
    """DNS rebinding: a page of another site that has its name point at this machine."""
    status, _, body = ask(serving, "/api/one/meta", host=name.format(port=serving.port))
    assert status == 421
    assert b"decommission" not in body


def test_this_machine_by_its_usual_names_is_served(serving):
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert ask(serving, "/", host=f"{name}:{serving.port}")[0] == 200


def test_on_this_machine_no_token_is_needed(serving):
    assert serving.token == serving.query == ""


@pytest.fixture
def open_to_all(runs):
    one = Serving(Watching(runs), "0.0.0.0")
    yield one
    one.stop()


def test_beyond_this_machine_nothing_is_served_without_the_token(open_to_all):
    wrong = [
        "",
        "?token=",
        "?token=wrong",
        f"?token={open_to_all.token[:-1]}",
        f"?token={open_to_all.token}x",
        "?token=%00",
        "?token=%ff",
    ]
    for path in ("/", "/run/one", "/api/one/meta", "/static/view.js"):
        for token in wrong:
            status, headers, body = ask(open_to_all, path + token)
            assert status == 403
            assert headers.get("Set-Cookie") is None
            assert open_to_all.token.encode() not in body
    for cookie in ("", "wrong", open_to_all.token[:-1], '"\\', "é"):
        assert ask(open_to_all, "/", Cookie=f"{COOKIE}={cookie}".encode())[0] == 403


def test_the_token_is_shown_once_and_then_a_cookie_that_no_script_reads(open_to_all):
    url = urlsplit(open_to_all.url("one"))
    status, headers, _ = ask(open_to_all, f"{url.path}?{url.query}")
    assert status == 303
    assert open_to_all.token not in headers["Location"]
    cookie = headers["Set-Cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    given = cookie.partition(";")[0]
    assert ask(open_to_all, url.path, Cookie=given)[0] == 200
    assert ask(open_to_all, "/api/one/meta", Cookie=f"other=1; {given}")[0] == 200
    assert len(open_to_all.token) >= 32


def test_two_servers_have_two_tokens(runs, open_to_all):
    other = Serving(Watching(runs), "0.0.0.0")
    other.stop()
    assert other.token != open_to_all.token


@pytest.mark.parametrize(
    ("origin", "kind", "allowed"),
    [
        ("http://{host}", "application/json", True),
        (None, "application/json; charset=utf-8", True),
        ("http://evil.example", "application/json", False),
        ("null", "application/json", False),
        ("http://{host}.evil.example", "application/json", False),
        ("http://evil.example/{host}", "application/json", False),
        ("http://user@{host}", "application/json", False),
        ("http://[", "application/json", False),
        ("", "application/json", False),
        ("http://{host}", "text/plain", False),
        ("http://{host}", "application/x-www-form-urlencoded", False),
        (None, "", False),
    ],
)
def test_what_changes_something_comes_from_the_servers_own_page(serving, origin, kind, allowed):
    headers = {} if origin is None else {"Origin": origin.format(host=f"127.0.0.1:{serving.port}")}
    status, _, _ = ask(serving, "/api/one/meta", "POST", b"{}", Content_Type=kind, **headers)
    assert status == (405 if allowed else 403)  # 405: it got past the guard; nothing there takes a POST


# ---- where it listens ----


def test_names_and_other_families_of_addresses_are_understood(runs):
    for host in ("localhost", "::1", "127.0.0.2"):
        try:
            one = Serving(Watching(runs), host)
        except SocietyError:
            assert host == "::1"  # a machine without IPv6
            continue
        assert one.token == ""
        assert ask(one, "/")[0] == 200
        one.stop()


def test_a_place_that_cannot_be_listened_at_is_named(runs):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SocietyError, match=rf"cannot listen at 127\.0\.0\.1:{port}"):
            Serving(Watching(runs), port=port)
    with pytest.raises(SocietyError, match=r"cannot listen at no-such-host\.invalid:0"):
        Serving(Watching(runs), "no-such-host.invalid")


def test_one_server_that_stops_does_not_wait_for_the_threads_of_another(runs, serving, monkeypatch):
    def answering():
        return {one for one in threading.enumerate() if one.name == "AnyIO worker thread"}

    ask(serving, "/api/run/meta")
    theirs = answering()
    one = Serving(Watching(runs))
    ask(one, "/api/run/meta")
    mine, joined, join = answering() - theirs, set(), threading.Thread.join
    monkeypatch.setattr(threading.Thread, "join", lambda thread, *given: joined.add(thread) or join(thread, *given))
    one.stop()
    assert theirs
    assert mine
    assert not joined & theirs
    assert not any(thread.is_alive() for thread in mine)
