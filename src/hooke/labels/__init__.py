"""Label images and objects as data: what reading, scoring, segmenting, classifying and training all need of them."""
