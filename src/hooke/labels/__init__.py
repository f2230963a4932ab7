"""Label images and objects as data, shared by reading, scoring, segmenting, classifying and training."""
