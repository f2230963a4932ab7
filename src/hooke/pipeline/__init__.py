"""The main job: read, normalise, predict, decode, measure, write; for one image or a folder of them."""

from hooke.measure import MeasureOptions
from hooke.pipeline.installation import describe_installation
from hooke.pipeline.measure_folder import MeasuredFolder, measure_folder
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.results_page import ResultsPage, report_results
from hooke.pipeline.segment_folder import FolderResult, segment_folder
from hooke.pipeline.segment_image import segment_image
from hooke.pipeline.segment_source import segment
from hooke.pipeline.segmentation import Segmentation
from hooke.pipeline.stack_segmentation import StackSegmentation

__all__ = [
    "FolderResult",
    "MeasureOptions",
    "MeasuredFolder",
    "ResultsPage",
    "SegmentOptions",
    "Segmentation",
    "StackSegmentation",
    "describe_installation",
    "measure_folder",
    "report_results",
    "segment",
    "segment_folder",
    "segment_image",
]
