# The public names of this package and the modules that they come from.
from hooke.measure import MeasureOptions as MeasureOptions
from hooke.pipeline.folder_measurement import MeasuredFolder as MeasuredFolder
from hooke.pipeline.folder_measurement import measure_folder as measure_folder
from hooke.pipeline.folder_segmentation import FolderResult as FolderResult
from hooke.pipeline.folder_segmentation import segment_folder as segment_folder
from hooke.pipeline.image_segmentation import segment_image as segment_image
from hooke.pipeline.installation import describe_installation as describe_installation
from hooke.pipeline.merge import MergedFolder as MergedFolder
from hooke.pipeline.merge import merge_results as merge_results
from hooke.pipeline.options import SegmentOptions as SegmentOptions
from hooke.pipeline.results_page import ResultsPage as ResultsPage
from hooke.pipeline.results_page import report_results as report_results
from hooke.pipeline.segment_source import segment as segment
from hooke.pipeline.segmentation import Segmentation as Segmentation
from hooke.pipeline.stack_segmentation import StackSegmentation as StackSegmentation
