"""The label doctor finds errors in the images and labels of a data set, and makes a corrected copy."""

from __future__ import annotations

from hooke.doctor.examine import Diagnosis, examine
from hooke.doctor.findings import KINDS, Finding, Severity
from hooke.doctor.fix import Change, fix_dataset
from hooke.doctor.report import write_report

__all__ = ["KINDS", "Change", "Diagnosis", "Finding", "Severity", "examine", "fix_dataset", "write_report"]
