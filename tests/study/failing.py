"""A real server of chat.completions that answers as a test says, and writes down what it is asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from society.minds.simulated import answer

TEXT = {"message": {"role": "assistant", "content": "I would rather talk."}, "finish_reason": "stop"}


def good(choice=None):
    """Status, headers and body of an answer; that of a simulated model where none is said."""
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return 200, {}, choice and {"model": "plain", "choices": [{"index": 0, **choice}], "usage": usage}


def simulated(body):
    """The body of the answer of a simulated model."""
    said = answer("gemini-3-pro", body["messages"], body["tools"], body["seed"], "mean")
    calls = [
        {"id": str(number), "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for number, (name, given) in enumerate(said.calls)
    ]
    message = {"role": "assistant", "content": said.text or None, **({"tool_calls": calls} if calls else {})}
    return good({"message": message, "finish_reason": "tool_calls" if calls else "stop"})[2]


def bad(status, message="no", code=None, param=None, **headers):
    """Status, headers and body of a refusal."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, names, {"error": {"message": message, "code": code, "param": param}}


class Server:
    """Serves until it is closed.

    Args:
        reply: from the number of the request, counted from 0, and its body: what ``good`` and ``bad`` give.
    """

    def __init__(self, reply) -> None:
        self.asked, self.heads = [], []
        self.reply = reply
        outer, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", -1  # one packet per answer

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    number = len(outer.asked)
                    outer.asked.append(body)
                    outer.heads.append({name.lower(): value for name, value in self.headers.items()})
                status, headers, said = outer.reply(number, body)
                data = json.dumps(simulated(body) if said is None else said).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
