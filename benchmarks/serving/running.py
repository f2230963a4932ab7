"""Starts `hooke serve` in a process of its own, and sends it requests with the standard library alone."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Answer", "Server", "job_processor_seconds", "peak_memory", "processor_seconds", "running_server"]

_PATIENCE = 120.0  # seconds for an answer


@dataclass(frozen=True)
class Answer:
    """What came back: the status of HTTP, and the body."""

    status: int
    body: bytes
    retry_after: float = 1.0

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A running server."""

    host: str
    port: int
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://{self.host}:{self.port}"

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request over a connection of its own.

        Raises
        ------
        OSError or HTTPException
            When the server does not answer.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), float(answer.headers.get("Retry-After", 1)))
        finally:
            connection.close()

    def post_json(self, path: str, content: Any) -> Answer:
        """Send JSON."""
        return self.send("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def upload(self, name: str, content: bytes, path: str = "/api/images", field: str = "files") -> Answer:
        """Send a file."""
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body = head.encode("utf-8", "surrogateescape") + content + f"\r\n--{mark}--\r\n".encode()
        return self.send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})


@contextmanager
def running_server(*arguments: str, folder: Path | None = None) -> Iterator[Server]:
    """Run a server on a free port for the length of a block, in a temporary work folder unless one is given."""
    with tempfile.TemporaryDirectory(prefix="hooke-serve-") as own:
        command = [sys.executable, "-u", "-m", "hooke", "serve", "--port", "0", "--folder", str(folder or own)]
        with (Path(own) / "log.txt").open("w+", encoding="utf-8") as log:
            process = subprocess.Popen([*command, *arguments], stdout=log, stderr=subprocess.STDOUT, text=True)
            try:
                host, port = _address(Path(own) / "log.txt", process)
                yield Server(host, port, process)
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                log.seek(0)
                if said := [
                    line for line in log if not line.startswith(("hooke is at", "work folder:", "hooke: stopped"))
                ]:
                    print("the server said:", *said[-40:], sep="\n  ", file=sys.stderr)


def _address(log: Path, process: subprocess.Popen[str]) -> tuple[str, int]:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        found = re.search(r"hooke is at http://([\d.]+):(\d+)/", log.read_text(encoding="utf-8"))
        if found:
            return found[1], int(found[2])
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"the server did not start: {log.read_text(encoding='utf-8')}")


def peak_memory(process: subprocess.Popen[str]) -> int:
    """Most memory that a process has held, bytes; 0 where the system does not say. Linux only."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
    return int(found[1]) * 1024 if found else 0


def processor_seconds(process: int) -> float:
    """Processor time that the threads of a process have taken so far, seconds; 0 where the system does not say.

    Linux only. Threads that have ended are not counted: see `job_processor_seconds`.
    """
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def job_processor_seconds(process: int) -> float:
    """Processor time of a process with all threads that have ended, seconds in steps of 10 ms; 0 but on Linux."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
