"""Random changes of training images: which crop is cut, how it is bent, how its intensities and colours vary."""
