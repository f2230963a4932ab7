"""The label doctor: a data set in; what is wrong with its images and labels, and a mended copy, out."""

from __future__ import annotations

from hooke.doctor.examine import Diagnosis, examine
from hooke.doctor.findings import KINDS, Finding, Severity
from hooke.doctor.fix import Change, fix_dataset
from hooke.doctor.report import write_report

__all__ = ["KINDS", "Change", "Diagnosis", "Finding", "Severity", "examine", "fix_dataset", "write_report"]
