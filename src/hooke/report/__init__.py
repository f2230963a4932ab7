"""Pictures and reports of results, for people to look at."""

from __future__ import annotations
