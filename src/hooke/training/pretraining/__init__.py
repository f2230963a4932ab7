"""Pre-training of an encoder on images without labels, for training to start from."""
