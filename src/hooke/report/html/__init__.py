"""Reports of evaluations, each as one HTML file that opens offline."""

from __future__ import annotations

from hooke.report.html.comparison_report import render_comparison, write_comparison
from hooke.report.html.evaluation_report import render_report, write_report

__all__ = ["render_comparison", "render_report", "write_comparison", "write_report"]
