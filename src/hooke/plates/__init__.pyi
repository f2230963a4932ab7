# The public names of this package and the modules that they come from.
from hooke.plates.file_names import read_positions as read_positions
from hooke.plates.name_pattern import compile_pattern as compile_pattern
from hooke.plates.plate_images import PlateImages as PlateImages
from hooke.plates.plate_images import assign_images as assign_images
from hooke.plates.plate_images import without_previews as without_previews
from hooke.plates.plate_layout import PlateLayout as PlateLayout
from hooke.plates.plate_layout import Treatment as Treatment
from hooke.plates.plate_layout import read_layout as read_layout
from hooke.plates.position import Position as Position
from hooke.plates.well import Well as Well
from hooke.plates.well import plate_shape as plate_shape
from hooke.plates.well_table import FieldRow as FieldRow
from hooke.plates.well_table import replicate_values as replicate_values
from hooke.plates.well_table import summarise_conditions as summarise_conditions
from hooke.plates.well_table import summarise_wells as summarise_wells
