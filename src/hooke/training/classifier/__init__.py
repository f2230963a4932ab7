"""Training of a network that classifies objects or whole images."""
