# The public names of this package and the modules that they come from.
from hooke.io.annotations.classes_json import read_classes as read_classes
from hooke.io.annotations.classes_json import write_classes as write_classes
from hooke.io.annotations.coco import open_coco as open_coco
from hooke.io.annotations.coco import read_coco as read_coco
from hooke.io.annotations.dsb_csv import DsbSource as DsbSource
from hooke.io.annotations.dsb_csv import write_dsb as write_dsb
from hooke.io.annotations.geojson import read_geojson as read_geojson
from hooke.io.annotations.imagej import read_regions as read_regions
from hooke.io.annotations.label_files import read_label_file as read_label_file
from hooke.io.annotations.labelme import read_labelme as read_labelme
from hooke.io.annotations.zarr_labels import ZarrSource as ZarrSource
