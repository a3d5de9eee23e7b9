"""One question to a real server: what is sent, what comes back, how it fails, and that the key is never seen."""

import asyncio
import contextlib
import logging
import pickle
import subprocess
import sys
import traceback

import pytest
from eventually import GUARD_S

from society.ground.errors import Busy, Gone, ModelError, ModelsFailed, Unreachable
from society.llm import Endpoint, Identity

TOOLS = ({"type": "function", "function": {"name": "report", "parameters": {"type": "object", "properties": {}}}},)


def ask(endpoint, request):
    async def once():
        try:
            return await endpoint(request)
        finally:
            await endpoint.close()

    return asyncio.run(once())


def ask_raw(kit, *replies, request=None, **options):
    """The answer or the error of one question to a server that replies so, and the server."""

    async def once():
        async with kit.Raw(*replies) as server:
            endpoint = Endpoint(server.url, kit.variable, **options)
            try:
                return await endpoint(request or kit.question()), server
            except ModelError as error:
                return error, server
            finally:
                await endpoint.close()

    return asyncio.run(asyncio.wait_for(once(), GUARD_S))


def test_a_question_reaches_the_server_whole(mock, kit):
    request = kit.question(tools=TOOLS, temperature=0.5, max_tokens=77, extra={"parallel_tool_calls": False})
    answer = ask(Endpoint(mock.url, kit.variable), request)
    (seen,) = mock.journal()
    assert seen["body"] == {
        "model": "m",
        "messages": [{"role": "user", "content": "What now?"}],
        "tools": list(TOOLS),
        "temperature": 0.5,
        "max_tokens": 77,
        "seed": request.seed(),
        "parallel_tool_calls": False,
    }
    (call,) = answer.calls
    assert (call.id, call.name, answer.finish, answer.model) == ("call_0_0", "report", "tool_calls", "m")
    assert answer.usage.completion > 0
    assert not answer.usage.estimated


def test_what_is_left_to_the_server_is_not_sent(mock, kit):
    ask(Endpoint(mock.url, None, sends_seed=False), kit.question(temperature=None, max_tokens=None))
    assert set(mock.journal()[0]["body"]) == {"model", "messages"}


def test_a_conversation_with_tools_can_be_asked_again_word_by_word(mock, kit):
    first = kit.question(tools=TOOLS)
    answers = [ask(Endpoint(mock.url, None), first) for _ in range(2)]
    assert answers[0].calls == answers[1].calls
    told = tuple(
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in answers[0].calls
    )
    then = kit.question(
        tools=TOOLS,
        identity=Identity(1, 0, 5, 2, turn=1, attempt=0),
        messages=(
            *first.messages,
            {"role": "assistant", "content": None, "tool_calls": list(told)},
            {"role": "tool", "tool_call_id": told[0]["id"], "content": "done"},
        ),
    )
    assert ask(Endpoint(mock.url, None), then).text
    mock.script({"type": "reply", "tool_calls": [{"name": "a"}, {"name": "b"}]})
    assert [call.id for call in ask(Endpoint(mock.url, None), then).calls] == ["call_1_0", "call_1_1"]


def test_a_server_that_is_busy(mock, kit):
    mock.script({"type": "fail", "status": 429, "retry_after": 0.25})
    with pytest.raises(Busy, match=r"429.*0\.25 s") as caught:
        ask(Endpoint(mock.url, kit.variable), kit.question())
    assert caught.value.retry_after_s == 0.25
    assert len(mock.journal()) == 1, "the SDK asked again"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_is_asked_once(mock, kit, status):
    mock.script({"type": "fail", "status": status, "times": None})
    with pytest.raises((Unreachable, Busy), match=str(status)):
        ask(Endpoint(mock.url, kit.variable), kit.question())
    assert len(mock.journal()) == 1


def test_a_server_that_does_not_know_the_seed_is_not_asked_without(mock, kit):
    mock.script({"type": "fail", "status": 400, "message": "Unrecognized request argument supplied: seed"})
    with pytest.raises(
        ModelsFailed, match=r'sends_seed: false.*it says: "Unrecognized request argument supplied: seed"'
    ):
        ask(Endpoint(mock.url, kit.variable), kit.question())
    assert len(mock.journal()) == 1


def test_a_server_that_repeats_the_question_and_the_key_in_its_complaint(mock, kit):
    mock.script({"type": "fail", "status": 400, "message": f"key {kit.key} may not ask 'What now?'", "code": kit.key})
    with pytest.raises(ModelError) as caught:
        ask(Endpoint(mock.url, kit.variable), kit.question())
    everything = "".join(traceback.format_exception(caught.value))
    assert kit.key not in everything
    assert "What now?" not in everything


BROKEN = {
    "cut off": lambda kit: kit.body(content=b'{"choices": [{"mess', length=2000),
    "cut off before its length": lambda kit: kit.body(content=b'{"choices": [{"mess'),
    "no JSON": lambda kit: kit.body(content=b"<html>welcome</html>"),
    "empty": lambda kit: kit.body(content=b""),
    "no choices": lambda kit: kit.body(content={"object": "chat.completion"}),
    "an error with status 200": lambda kit: kit.body(content={"error": {"message": "What now?", "code": 502}}),
    "disconnect": lambda kit: b"",
    "half a status line": lambda kit: b"HTTP/1.1 2",
    "no HTTP": lambda kit: b"220 mail.example.com ESMTP\r\n\r\n",
    "broken gzip": lambda kit: kit.body(content=b"no gzip", headers=("content-encoding: gzip",)),
    "a stream": lambda kit: kit.body(content=b'data: {"choices": []}\n\ndata: [DONE]\n\n'),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_answers_are_unreachable(kit, kind):
    error, server = ask_raw(kit, BROKEN[kind](kit))
    assert type(error) is Unreachable
    assert server.url in str(error)
    assert len(server.asked) == 1
    text = "".join(traceback.format_exception(error))
    assert kit.key not in text
    assert "What now?" not in text


@pytest.mark.parametrize("reply", [None, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12"], ids=["silence", "stall"])
def test_a_server_that_stalls_is_left_after_the_timeout(kit, reply):
    async def once():
        async with kit.Raw(None) as server:
            if reply is not None:
                serve = server._serve

                async def drip(reader, writer):
                    writer.write(reply)
                    await serve(reader, writer)

                server._server.close()
                server._server = await asyncio.start_server(drip, "127.0.0.1", 0)
                server.url = f"http://127.0.0.1:{server._server.sockets[0].getsockname()[1]}/v1"
            endpoint = Endpoint(server.url, None, timeout_s=0.3)
            with pytest.raises(Unreachable, match=r"within 0\.3 s"):
                await endpoint(kit.question())
            await endpoint.close()
            while server.left < 1:
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(once(), GUARD_S))


def test_a_server_that_drips_for_ever_is_left_after_the_timeout(kit):
    async def once():
        ended = asyncio.Event()

        async def drip(reader, writer):
            left = asyncio.create_task(reader.read())
            with contextlib.suppress(ConnectionError):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                while not left.done():
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.wait([left], timeout=0.05)
            writer.close()
            ended.set()

        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        endpoint = Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", None, timeout_s=0.5)
        with pytest.raises(Unreachable, match=r"within 0\.5 s"):
            await endpoint(kit.question())
        await endpoint.close()
        server.close()
        await server.wait_closed()
        await ended.wait()

    asyncio.run(asyncio.wait_for(once(), GUARD_S))


def test_no_server_at_all(kit):
    with pytest.raises(Gone, match=r"http://127\.0\.0\.1:9/v1.*is the server running"):
        ask(Endpoint("http://127.0.0.1:9/v1", kit.variable), kit.question())


def test_a_good_answer_and_the_key_is_sent_but_nowhere_to_be_seen(kit, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint("http://127.0.0.1:9/v1", kit.variable, headers={"X-Other": kit.key})
    assert kit.key not in repr(endpoint)
    assert kit.key.encode() not in pickle.dumps(Endpoint("http://127.0.0.1:9/v1", kit.variable))
    good, server = ask_raw(kit, kit.good)
    assert good.text == "Fine."
    assert f"bearer {kit.key}" in server.asked[0][0]
    for status in (400, 401, 403, 404, 429, 500, 503):
        error, _ = ask_raw(kit, kit.body(status, {"error": {"message": f"wrong key {kit.key}", "code": kit.key}}))
        assert isinstance(error, ModelError)
        assert kit.key not in repr(error) + "".join(traceback.format_exception(error))
    assert caplog.records
    assert kit.key not in caplog.text
    assert kit.question().messages[0]["content"] not in caplog.text


@pytest.mark.parametrize("value", [None, "", "  ", "two words", "line\nbreak", "schlüssel"], ids=repr)
def test_a_variable_without_a_key_is_an_error_that_names_it(monkeypatch, value):
    monkeypatch.delenv("NO_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_KEY", value)
    with pytest.raises(ModelError, match="NO_KEY") as caught:
        Endpoint("http://127.0.0.1:9/v1", "NO_KEY")
    assert not (value and value.strip()) or value not in str(caught.value)


def test_a_key_with_a_line_end_is_a_key(kit, monkeypatch):
    monkeypatch.setenv(kit.variable, kit.key + "\n")
    _, server = ask_raw(kit, kit.good)
    assert f"bearer {kit.key}\r\n" in server.asked[0][0]


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "http://", "http://[::1", "http://me:pw-77@x/v1", "http://x/v1?key=pw-77"]
)
def test_a_url_that_is_none_or_holds_secrets(url):
    with pytest.raises(ModelError, match="base_url") as caught:
        Endpoint(url, None)
    assert "pw-77" not in str(caught.value)


@pytest.mark.parametrize("value", ["pw-77\n", "schlüssel pw-77"])
def test_a_header_that_is_none_is_named_and_not_shown(value):
    with pytest.raises(ModelError, match="X-Secret") as caught:
        Endpoint("http://127.0.0.1:9/v1", None, headers={"X-Secret": value})
    assert "pw-77" not in str(caught.value)


def test_text_that_is_no_unicode_is_an_error(kit):
    error, server = ask_raw(kit, kit.good, request=kit.question(text="half \ud83d of a pair"))
    assert type(error) is ModelError
    assert "Unicode" in str(error)
    assert not server.asked


def test_an_endpoint_can_be_used_again_in_another_event_loop(mock, kit):
    endpoint = Endpoint(mock.url, None)
    assert ask(endpoint, kit.question()) == ask(endpoint, kit.question())


def test_the_sdk_is_not_imported_before_it_is_needed():
    code = "import sys, society, society.cli.main, society.llm; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_else_the_environment_holds_stays_on_this_machine(kit, monkeypatch):
    """The SDK would send these to whichever server it asks."""
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "sk-of-another-server")
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "X-Mine: sk-of-another-server\nAuthorization: Bearer sk-of-another-server"
    )
    for variable, sent in ((None, "none"), (kit.variable, kit.key)):
        (good, server), head = ask_keyed(kit, variable), ""
        assert good.text == "Fine."
        head, _ = server.asked[0]
        assert "sk-of-another-server" not in head
        assert f"authorization: bearer {sent}\r\n" in head


def ask_keyed(kit, variable):
    async def once():
        async with kit.Raw(kit.good) as server:
            endpoint = Endpoint(server.url, variable)
            try:
                return await endpoint(kit.question()), server
            finally:
                await endpoint.close()

    return asyncio.run(asyncio.wait_for(once(), GUARD_S))


def test_this_machine_is_not_asked_through_a_proxy(kit, monkeypatch):
    async def once():
        async with kit.Raw(kit.good) as proxy, kit.Raw(kit.good) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
            monkeypatch.delenv("NO_PROXY", raising=False)
            endpoint = Endpoint(server.url, kit.variable)
            try:
                await endpoint(kit.question())
            finally:
                await endpoint.close()
            return len(proxy.asked), len(server.asked)

    assert asyncio.run(asyncio.wait_for(once(), GUARD_S)) == (0, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_server_that_sends_on_is_not_followed(kit, status):
    async def once():
        async with kit.Raw(kit.good) as other:
            reply = kit.body(status, b"", headers=(f"location: {other.url}/chat/completions",))
            async with kit.Raw(reply) as server:
                endpoint = Endpoint(server.url, kit.variable)
                with pytest.raises(ModelsFailed, match=f"status {status}.*not followed"):
                    await endpoint(kit.question())
                await endpoint.close()
            return len(other.asked)

    assert asyncio.run(asyncio.wait_for(once(), GUARD_S)) == 0


def test_a_key_never_goes_in_the_open_to_another_machine(kit):
    with pytest.raises(ModelError, match="keys go over https"):
        Endpoint("http://10.0.0.1:8000/v1", kit.variable)


def test_a_name_that_does_not_exist_and_a_certificate_that_is_not_good_end_at_once(kit):
    with pytest.raises(ModelsFailed, match="no machine of that name"):
        ask(Endpoint("https://no-such-machine.invalid/v1", None), kit.question())

    async def once():
        async def plain(reader, writer):
            writer.write(b"220 this is no TLS\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        endpoint = Endpoint(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", None)
        try:
            with pytest.raises(ModelsFailed, match="its TLS is not good"):
                await endpoint(kit.question())
        finally:
            await endpoint.close()
            server.close()
            await server.wait_closed()

    asyncio.run(asyncio.wait_for(once(), GUARD_S))


def test_an_error_with_status_200_is_what_it_says(kit):
    error, _ = ask_raw(kit, kit.body(content={"error": {"message": "no credits", "code": 402}}))
    assert type(error) is ModelsFailed
    assert "no credits" in str(error)
    error, _ = ask_raw(kit, kit.body(content={"error": {"message": "rate limited", "code": 429}}))
    assert type(error) is Busy
