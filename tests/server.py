"""A web server of this machine for tests: serves a folder, with what servers do wrong on request."""

from __future__ import annotations

import base64
import re
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from hooke.io import remote

_TIMEOUT = remote.TIMEOUT


class Server:
    """What it serves and how it behaves; requests are counted by path.

    Attributes
    ----------
    silent : bool
        It takes requests and never answers them; then, and only then, 0.3 s are waited for an answer, since on a busy
        machine one that comes takes as long.
    user, query : str
        Without which it refuses; empty where it asks for none.
    statuses : dict of str to list of int
        By path, what it answers to the next requests instead of the file.
    whole : bool
        It knows no parts of files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._silent = self.whole = False
        self.user = self.query = ""
        self.statuses: dict[str, list[int]] = {}
        self.requests: Counter[str] = Counter()
        self.url = ""
        self.ended = threading.Event()

    @property
    def silent(self) -> bool:
        return self._silent

    @silent.setter
    def silent(self, value: bool) -> None:
        self._silent = value
        remote.TIMEOUT = 0.3 if value else _TIMEOUT

    def status(self, path: str, query: str, authorization: str) -> int:
        """What to answer besides the file."""
        wanted = f"Basic {base64.b64encode(self.user.encode()).decode()}"
        if (self.user and authorization != wanted) or query != self.query:
            return 403
        left = self.statuses.get(path)
        if left:
            return left.pop(0)
        return 200 if (self.folder / path).is_file() else 404


def be_impatient(monkeypatch):
    """Ask again after a moment, and remember no request of an earlier test."""
    monkeypatch.setattr(remote, "TIMEOUT", _TIMEOUT)  # and as it was after the test, see `Server.silent`
    monkeypatch.setattr(remote, "_PAUSE", 0.01)
    monkeypatch.setattr(remote, "_held", remote._Held())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    remote._remote_file.cache_clear()


@contextmanager
def serve(folder: Path):
    """Serve a folder for the length of a block."""
    state = Server(folder)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_HEAD(self):
            self.answer(head=True)

        def do_GET(self):
            self.answer()

        def answer(self, head=False):
            parts = urlsplit(self.path)
            path = parts.path.lstrip("/")
            state.requests[path] += 1
            if state.silent:
                state.ended.wait(30)
                self.close_connection = True
                return
            status = state.status(path, parts.query, self.headers.get("Authorization", ""))
            data = (state.folder / path).read_bytes() if status == 200 else b""
            part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if status == 200 and part and not state.whole:
                status, data = 206, data[int(part[1]) : int(part[2] or len(data)) + 1]
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if not head:
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # seconds that its end may take
    thread.start()
    try:
        yield state
    finally:
        state.ended.set()
        server.shutdown()
        server.server_close()
