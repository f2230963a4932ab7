"""The training half: networks, losses, augmentation, the loop, export. The only room that imports torch."""
