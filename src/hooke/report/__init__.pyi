# The public names of this package and the modules that they come from.
from hooke.report.classification import confusion_svg as confusion_svg
from hooke.report.classification import write_classification as write_classification
from hooke.report.dataset_overview import show_dataset as show_dataset
from hooke.report.evaluation_folder import evaluate as evaluate
from hooke.report.evaluation_folder import evaluate_points as evaluate_points
from hooke.report.html import render_comparison as render_comparison
from hooke.report.html import render_report as render_report
from hooke.report.html import write_comparison as write_comparison
from hooke.report.html import write_report as write_report
