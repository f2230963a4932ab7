"""Readers and writers of annotations, one file for each format; they know nothing of data sets."""

from __future__ import annotations
