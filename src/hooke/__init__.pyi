# The public names of hooke and the packages that they come from.
from hooke.conversion import Conversion as Conversion
from hooke.conversion import convert as convert
from hooke.corrections import tune as tune
from hooke.errors import HookeError as HookeError
from hooke.image import Image as Image
from hooke.io import open_image as open_image
from hooke.io import read_image as read_image
from hooke.models import Model as Model
from hooke.models import load_model as load_model
from hooke.pipeline import Segmentation as Segmentation
from hooke.pipeline import StackSegmentation as StackSegmentation
from hooke.pipeline import measure_folder as measure_folder
from hooke.pipeline import segment as segment
from hooke.pipeline import segment_folder as segment_folder
from hooke.report import evaluate as evaluate
from hooke.report import evaluate_points as evaluate_points
from hooke.tracking import Tracks as Tracks
from hooke.tracking import track as track

__version__: str
