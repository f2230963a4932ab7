"""Pre-training: images without labels in, an encoder that knows their look out, for training to start from."""
