"""Training of a network that names the class of an object or of a whole image."""
