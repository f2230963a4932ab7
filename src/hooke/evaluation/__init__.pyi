# The public names of this package and the modules that they come from.
from hooke.evaluation.compare import RunComparison as RunComparison
from hooke.evaluation.compare import compare_runs as compare_runs
from hooke.evaluation.detection import Detection as Detection
from hooke.evaluation.detection import DetectionSummary as DetectionSummary
from hooke.evaluation.detection import evaluate_points as evaluate_points
from hooke.evaluation.paired_source import pair_source as pair_source
from hooke.evaluation.result import OBJECT_COLUMNS as OBJECT_COLUMNS
from hooke.evaluation.result import STATUSES as STATUSES
from hooke.evaluation.result import Evaluation as Evaluation
from hooke.evaluation.saved_evaluation import Run as Run
from hooke.evaluation.saved_evaluation import read_run as read_run
from hooke.evaluation.saved_evaluation import read_runs as read_runs
from hooke.evaluation.scoring import evaluate as evaluate
from hooke.evaluation.sources import open_labels as open_labels
from hooke.evaluation.submission import write_submission as write_submission
