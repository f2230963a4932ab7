"""Explains a network's predictions by maps of the pixels that they are based on, as pictures and a page."""

from __future__ import annotations

from hooke.training.explain.attribution import METHODS, Question, attribute, randomised
from hooke.training.explain.explanation import Explanation, explain_answers, explain_run
from hooke.training.explain.page import write_explanations

__all__ = [
    "METHODS",
    "Explanation",
    "Question",
    "attribute",
    "explain_answers",
    "explain_run",
    "randomised",
    "write_explanations",
]
