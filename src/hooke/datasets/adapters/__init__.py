"""Adapters of public layouts: one module per layout says where its files are; `hooke.datasets.adapter` finds them."""

from __future__ import annotations
