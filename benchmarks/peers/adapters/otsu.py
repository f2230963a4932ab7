"""The classical way, in scikit-image: Gaussian, Otsu's threshold, watershed from the peaks of the distance map.

The smoothing and the least distance of peaks are one setting for all images; nothing is fitted.
"""

from __future__ import annotations

from typing import Any

PACKAGES = ("scikit-image", "scipy")
SIGMA = 1.0
PEAK_DISTANCE = 5
SMALLEST = 20


def start(threads: int) -> None:
    """Import what a script would; scikit-image works on one thread."""
    import skimage.feature
    import skimage.filters
    import skimage.segmentation  # noqa: F401


def trained() -> Any:
    """Give the function; it has no weights."""
    import numpy as np
    from scipy import ndimage
    from skimage.feature import peak_local_max
    from skimage.filters import gaussian, threshold_otsu
    from skimage.morphology import remove_small_objects
    from skimage.segmentation import watershed

    def segment(image: Any) -> Any:
        smooth = gaussian(image, SIGMA, preserve_range=True)
        mask = remove_small_objects(smooth > threshold_otsu(smooth), max_size=SMALLEST)
        distance = gaussian(ndimage.distance_transform_edt(mask), SIGMA)
        peaks = peak_local_max(distance, min_distance=PEAK_DISTANCE, labels=ndimage.label(mask)[0])
        seeds = np.zeros(image.shape, np.int32)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        return watershed(-distance, seeds, mask=mask)

    return segment
