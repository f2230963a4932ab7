"""Data sets: public layouts in, the one hooke layout out, and simulated nuclei whose truth is known."""

from __future__ import annotations
