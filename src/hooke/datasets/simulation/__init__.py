"""Simulated images of nuclei, whose true label images are known."""

from __future__ import annotations
