# The public names of this package and the modules that they come from.
from hooke.corrections.class_examples import examples_of_corrected as examples_of_corrected
from hooke.corrections.corrected_images import CorrectedImage as CorrectedImage
from hooke.corrections.corrected_images import CorrectedImages as CorrectedImages
from hooke.corrections.corrected_images import open_corrected as open_corrected
from hooke.corrections.known_regions import REGIONS_NAME as REGIONS_NAME
from hooke.corrections.known_regions import Region as Region
from hooke.corrections.known_regions import read_known_regions as read_known_regions
from hooke.corrections.known_regions import write_known_regions as write_known_regions
from hooke.corrections.mapped_image import Knobs as Knobs
from hooke.corrections.mapped_image import MappedImage as MappedImage
from hooke.corrections.suggestion import Suggestion as Suggestion
from hooke.corrections.suggestion import suggest as suggest
from hooke.corrections.tuning import Tuning as Tuning
from hooke.corrections.tuning import tune as tune
