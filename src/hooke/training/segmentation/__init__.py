"""Training of a network that segments nuclei or cells."""
