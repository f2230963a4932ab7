"""Checks every request before it is handled: host, origin, token, size; and adds headers that keep pages safe."""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooke.limits import format_bytes
from hooke.serve.answers import FULL_DISK, ApiError, busy

COOKIE = "hooke_token"
HEADER = "x-hooke-token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_JSON_BYTES = 16 << 20  # of a request without files
_SLACK = 1 << 20  # of an upload, for what is around the files
_SPARE = 32 << 20  # bytes that an upload must leave free
_UPLOADS = 32  # that are received at the same time
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_ASK = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>hooke</title><main><h1>hooke</h1>'
    '<form method="get" action="/"><label>Token, as the server printed it at its start: '
    '<input name="token" type="password" autocomplete="current-password" required></label> <button>Open</button></form>'
    "</main></html>"
)


class RequestChecks:
    """Middleware that lets only requests pass that may.

    Parameters
    ----------
    app : ASGIApp
    hosts : iterable of str
        Names under which browsers may reach the server; addresses (numbers) are allowed where `addresses`.
    addresses : bool
        Whether any address is: a page elsewhere can't make a browser take a number for its own host.
    token : str or None
        What a client has to show.
    upload_bytes : int
        Of one request.
    folder : Path
        The work folder; an upload must fit on its disk, and on that of temporary files.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Iterable[str],
        addresses: bool,
        token: str | None,
        upload_bytes: int,
        folder: Path,
    ) -> None:
        self.app = app
        self.hosts = {host.casefold() for host in hosts}
        self.addresses = addresses
        self.token = token
        self.upload_bytes = upload_bytes
        self.folder = folder
        self._uploads = threading.BoundedSemaphore(_UPLOADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and hand it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        send = _with_headers(send)
        try:
            self._check_source(scope)
            answer = self._check_token(scope)
            if answer is not None:
                await answer(scope, receive, send)
                return
            await self._hand_on(scope, receive, send)
        except ApiError as error:
            await JSONResponse(error.content, error.status, error.headers)(scope, receive, send)

    def _check_source(self, scope: Scope) -> None:
        """Refuse a request for another host, or that a page of another origin makes."""
        headers = Headers(scope=scope)
        if not self._is_own_host(headers.get("host", "")):
            raise ApiError(
                403, "this server has another name", "open it under the address that it printed at its start"
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.casefold() != headers.get("host", "").casefold():
            raise ApiError(403, "this page is of another origin", "use the page that the server gives")
        site = headers.get("sec-fetch-site", "none")
        if site in ("cross-site", "same-site") and (scope["method"] not in _SAFE or scope["path"].startswith("/api")):
            raise ApiError(403, "this page is of another origin", "use the page that the server gives")

    def _is_own_host(self, host: str) -> bool:
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+)(?::\d{1,5})?", host)
        if match is None:
            return False
        name = match[1].strip("[]").casefold()
        if name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.addresses

    def _check_token(self, scope: Scope) -> Response | None:
        """Refuse a request without the token; a page that is opened with it in its address gets a cookie."""
        if self.token is None:
            return None
        headers = Headers(scope=scope)
        is_page = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0] if is_page else ""
        if given and self._is_token(given):
            answer = RedirectResponse("/", status_code=303)
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="lax", path="/")
            return answer
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        shown = [headers.get(HEADER, ""), bearer.strip() if kind.casefold() == "bearer" else "", _cookie(headers)]
        if any(self._is_token(text) for text in shown if text):
            return None
        if is_page:
            return HTMLResponse(_ASK, 401)
        raise ApiError(
            401, "the token is missing or wrong", f"send it in the header {HEADER}", {"WWW-Authenticate": "Bearer"}
        )

    def _is_token(self, text: str) -> bool:
        assert self.token is not None
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.token.encode())

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; of uploads a few at a time, and none that is larger than it may be."""
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").casefold().startswith("multipart/")
        limit = self.upload_bytes + _SLACK if is_upload else _JSON_BYTES
        said = headers.get("content-length", "0")
        if said.isdecimal() and int(said) > limit:
            raise _too_large(limit)
        if not is_upload:
            await self.app(scope, _limited(receive, limit), send)
            return
        self._check_room(int(said) if said.isdecimal() else 0)
        if not self._uploads.acquire(blocking=False):
            raise busy(f"{_UPLOADS} uploads are being received")
        try:
            await self.app(scope, _limited(receive, limit), send)
        finally:
            self._uploads.release()

    def _check_room(self, size: int) -> None:
        """Refuse an upload that does not fit on the disk, before it is received."""
        if any(free_bytes(place) < size + _SPARE for place in (self.folder, Path(tempfile.gettempdir()))):
            raise ApiError(507, *FULL_DISK)


def free_bytes(folder: Path) -> int:
    """Bytes that are free on the disk of a folder, which need not be there yet."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    return shutil.disk_usage(there).free


def own_names(host: str, others: Iterable[str]) -> set[str]:
    """Names under which browsers may reach a server that listens on an address."""
    names = {host.strip("[]"), "localhost", "127.0.0.1", "::1", *others}
    with contextlib.suppress(OSError):
        names |= {socket.gethostname(), socket.getfqdn()}
    return names


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _too_large(limit: int) -> ApiError:
    return ApiError(
        413,
        f"the request is larger than {format_bytes(limit)}",
        "send less at once, open the file by its path, or start the server with a higher --max-upload",
    )


def _limited(receive: Receive, limit: int) -> Receive:
    """Count the bytes of a request as they come; its header may say less."""
    got = 0

    async def limited() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise _too_large(limit)
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending
