# The public names of this package and the modules that they come from.
from hooke.napari.followed_layers import track_layers as track_layers
from hooke.napari.layer_data import LayerData as LayerData
from hooke.napari.segmented_layer import segmentation_layer as segmentation_layer
