# The public names of this package and the modules that they come from.
from hooke.report.html.comparison_report import render_comparison as render_comparison
from hooke.report.html.comparison_report import write_comparison as write_comparison
from hooke.report.html.evaluation_report import render_report as render_report
from hooke.report.html.evaluation_report import write_report as write_report
