def export() -> int:
    """Coming."""
    return 0
