"""Why no connection came about, or none lasted: what heals by waiting and what does not."""

import errno
import socket
import ssl

from society.ground.errors import Gone, ModelError, ModelsFailed, TimedOut, Unreachable

#: A name that does not exist, where the system tells it from one that is not found at the moment.
_NO_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NOBODY = {
    errno.ECONNREFUSED: "nobody listens there",
    errno.EHOSTUNREACH: "no way leads there",
    errno.ENETUNREACH: "no way leads there",
    errno.EHOSTDOWN: "its machine is down",
}


def no_connection(place: str, model: str, error: BaseException) -> ModelError:
    """The error for a connection that failed.

    Args:
        place: the server's URL.
        model: the model that was asked.
        error: what the library says; what the system said is among its causes.
    """
    chain = _causes(error)
    for cause in chain:
        if isinstance(cause, ssl.SSLError):
            said = getattr(cause, "verify_message", "") or cause.reason or "no TLS"
            return ModelsFailed(
                f"{place} cannot be asked for model {model}: its certificate or its TLS is not good ({said})"
            )
        if isinstance(cause, socket.gaierror):
            if cause.errno in _NO_NAME:
                return ModelsFailed(f"{place} cannot be asked for model {model}: there is no machine of that name")
            return Gone(f"{place} cannot be asked for model {model}: its name is not found ({cause.strerror})")
        if isinstance(cause, OSError) and cause.errno in _NOBODY:
            return Gone(f"{place} cannot be reached for model {model}: {_NOBODY[cause.errno]}; is the server running?")
    kind = type(chain[1] if len(chain) > 1 else error).__name__
    if kind == "ConnectError":
        return Gone(f"{place} cannot be reached for model {model} ({kind}); is the server running?")
    return Unreachable(f"{place} broke off for model {model} ({kind}); is the server running?", "broken answer")


def no_answer(place: str, model: str, error: BaseException, timeout_s: float) -> ModelError:
    """The error for a connection, or an answer, that did not come in time."""
    if any(type(cause).__name__ == "ConnectTimeout" for cause in _causes(error)):
        return Gone(f"{place} cannot be reached for model {model}: it takes no connection; is the server running?")
    return TimedOut(f"{place} did not answer within {timeout_s:g} s for model {model}; is it overloaded?")


def _causes(error: BaseException) -> list[BaseException]:
    """An error and what caused it, alternatives of one connection (IPv6, IPv4) included."""
    found: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left and len(found) < 30:
        one = left.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        left.extend([one.__cause__, one.__context__])
        left.extend(one.exceptions if isinstance(one, BaseExceptionGroup) else ())
    return found
