"""Models: bundles and where to find them, and prediction with them."""
