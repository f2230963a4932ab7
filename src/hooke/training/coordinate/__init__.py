"""Training of a network that is queried at (x, y) positions and gives a mask for each."""
