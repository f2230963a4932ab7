"""The `hooke` command: one file per command, each thin over the public API."""

from hooke.cli.app import main

__all__ = ["main"]
