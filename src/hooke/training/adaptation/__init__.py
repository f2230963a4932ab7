"""Few-shot adaptation: a finished model learns from images that a person has corrected, without losing what it knew."""
