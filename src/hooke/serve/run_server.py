"""Runs the server until it is stopped."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from hooke.errors import ConfigError, readable
from hooke.extras import how_to_install
from hooke.io.lock import only_run
from hooke.serve.serve_options import ServeOptions

_WAITING = 512  # connections that may wait until they are taken
_GRACE = 2  # seconds that connections have to end


def serve(options: ServeOptions | None = None, *, say: Callable[[str], None] = print, browser: bool = False) -> None:
    """Serve the page and the interface until the process is stopped.

    Parameters
    ----------
    options : ServeOptions, optional
    say : callable
        Given the address, the work folder and, where one is needed, the token.
    browser : bool
        Whether to open the page in the user's browser.

    Raises
    ------
    ConfigError
        When the extra is not installed, the port is taken or the host is not an address of this machine.
    OutputError
        When another server has the work folder, or it can't be written to.
    """
    try:
        import uvicorn

        from hooke.serve.web_app import make_app
    except ImportError as error:
        raise ConfigError("the server needs packages that are missing", remedy=how_to_install("serve")) from error
    options = options or ServeOptions()
    if not options.is_local and options.token is None:
        options = replace(options, token=secrets.token_urlsafe(24))
    with _listen(options) as listener, only_run(options.work_folder):
        options = replace(options, port=listener.getsockname()[1])
        app = make_app(options)
        address = _address(options)
        say(f"hooke is at {address}")
        say(f"work folder: {readable(str(options.work_folder))}; stop with Ctrl-C")
        config = uvicorn.Config(
            app,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE,
        )
        threading.Thread(target=app.state.workplace.warm_up, daemon=True).start()
        if browser:
            import webbrowser

            webbrowser.open(address)
        uvicorn.Server(config).run(sockets=[listener])


def _listen(options: ServeOptions) -> socket.socket:
    """Take the port."""
    host = options.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, options.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        if os.name != "nt":  # where it would let two programs listen on one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, options.port))
        listener.listen(_WAITING)
    except OSError as error:
        cause = f"can't listen on {options.host}, port {options.port}: {error.strerror or error}"
        raise ConfigError(cause, remedy="choose another --port, or --host 127.0.0.1") from error
    return listener


def _address(options: ServeOptions) -> str:
    """Address of the page, with the token where one is needed."""
    host = options.host.strip("[]")
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    token = "" if options.token is None else f"?token={quote(options.token, safe='')}"
    return f"http://{shown}:{options.port}/{token}"
