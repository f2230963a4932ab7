"""Snakemake wrapper of `hooke segment`: labels, overlays and tables of images go to a folder.

input:    the images, or folders of them
output:   a directory, or files that are all in it, such as results/measurements.csv and results/summary.csv
params:   extra, options of the command; strict (False), whether a single bad image fails the rule
threads:  as many as the rule has
"""

from os.path import commonpath
from pathlib import Path

from snakemake.shell import shell

job = snakemake  # noqa: F821 - Snakemake puts it there
outputs = [Path(path) for path in job.output]
folder = (
    outputs[0] if len(outputs) == 1 and not outputs[0].suffix else Path(commonpath([path.parent for path in outputs]))
)
extra = job.params.get("extra", "")
forgive = "" if job.params.get("strict", False) else "|| [ $? -eq 1 ]"  # 1: some images failed, see summary.csv
log = job.log_fmt_shell(stdout=True, stderr=True)

shell("hooke segment {job.input:q} -o {folder:q} --threads {job.threads} --quiet {extra} {log} {forgive}")
