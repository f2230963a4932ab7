"""Model bundles as training writes them: weights, description, storage in 16 bits, a second network for colour."""
