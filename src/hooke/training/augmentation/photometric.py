"""Changes the intensities of a crop as another stain, lamp, lens or camera would.

The order is that of light: stain, what lies out of focus, illumination, optics, exposure, camera, file.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Optical densities of the dyes in red, green and blue (Ruifrok and Johnston 2001, "Quantification of histochemical
# staining by color deconvolution"); the third row is what the first two leave.
_HAEMATOXYLIN_EOSIN = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.707, -0.014, -0.707]])
# Eosin, a redder eosin, diaminobenzidine (brown), fast red.
_COUNTERSTAINS = np.array([[0.07, 0.99, 0.11], [0.15, 0.85, 0.50], [0.27, 0.57, 0.78], [0.21, 0.85, 0.48]])


def photometric(
    image: NDArray[np.float32],
    colour: bool,
    strength: float,
    rng: np.random.Generator,
    *,
    defocus: float = 0.0,
    bit_depth: float = 0.0,
    stain_estimate: float = 0.0,
) -> NDArray[np.float32]:
    """Change intensities and colours as microscopes, stains and cameras do.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X, 3)
        Of a grey image one channel, shape (Y, X, 1), will do.
    colour : bool
        Whether the colours mean something; otherwise the channels are and stay equal.
    strength : float
        0 for none, 1 as usual.
    rng : Generator
    defocus, bit_depth : float
        Shares of the images that are blurred by a disc, and that are left with few grey levels, at strength 1.
    stain_estimate : float
        Share of the stain changes that unmix the dyes found in the image itself instead of usual ones.

    Returns
    -------
    ndarray of float32, of the image's shape
    """
    channels = image.shape[2]
    if not colour:
        image = image[..., :1]  # a third of the work

    def chance(share: float) -> bool:
        return bool(rng.random() < share * strength)

    if colour:
        if chance(0.35):
            image = _other_stains(image, stain_estimate, rng)
        image = _restain(image, strength, rng)
        if chance(0.08):
            image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    else:
        if chance(0.15):
            image = 1 - image
        if chance(0.15):
            image = _haze(image, rng)
        if chance(0.5):
            image = _uneven_light(image, rng)
    if chance(0.08):
        image = _partly_out_of_focus(image, rng)
    if defocus and chance(defocus):
        image = _defocus(image, rng)
    if chance(0.6):
        image = np.sign(image) * np.abs(image) ** np.float32(np.exp(rng.normal(0, 0.4)))
    if chance(0.7):
        image = image * np.float32(np.exp(rng.normal(0, 0.2))) + np.float32(rng.normal(0, 0.06))
    if chance(0.35):
        image = _blur(image, float(rng.uniform(0.4, 2.2)))
    elif chance(0.15):
        image = image + np.float32(rng.uniform(0.3, 1.2)) * (image - _blur(image, 1.5))
    if chance(0.1):
        image = _lower_resolution(image, rng)
    if chance(0.35):
        image = _camera_noise(image, colour, rng)
    if bit_depth and chance(bit_depth):
        image = _few_levels(image, rng)
    if chance(0.06):
        image = _jpeg(image, rng)
    image = np.clip(image, -0.5, 2.0)
    return np.ascontiguousarray(image if image.shape[2] == channels else np.repeat(image, channels, 2), np.float32)


def photometric_stains(
    image: NDArray[np.float32], strength: float, rng: np.random.Generator, **shares: float
) -> NDArray[np.float32]:
    """Change each channel of several stains as a picture of its own: each has its lamp, its exposure and its haze.

    Parameters
    ----------
    image : ndarray of float32, shape (Y, X, C)
    strength, rng, shares
        See `photometric`.

    Returns
    -------
    ndarray of float32, shape (Y, X, C)
    """
    grey = np.split(image, image.shape[2], axis=2)
    return np.concatenate([photometric(one, False, strength, rng, **shares) for one in grey], axis=2)


def _keep_axes(changed: NDArray[np.generic]) -> NDArray[np.float32]:
    """Restore the last axis that OpenCV drops if there is one channel."""
    return np.asarray(changed if changed.ndim == 3 else changed[..., None], np.float32)


def _blur(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return _keep_axes(cv2.GaussianBlur(image, (0, 0), sigma))


def _restain(image: NDArray[np.float32], strength: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary the stain: scale and mix optical densities (after Tellez et al. 2018), then the white balance."""
    density = -np.log(np.clip(image, 0.02, 2.0))
    mix = np.eye(3) * np.exp(rng.normal(0, 0.22 * strength, 3)) + rng.normal(0, 0.07 * strength, (3, 3))
    density = density @ mix.T.astype(np.float32) * np.float32(np.exp(rng.normal(0, 0.2 * strength)))
    changed = np.exp(-density) * np.exp(rng.normal(0, 0.06 * strength, 3)).astype(np.float32)
    if rng.random() < 0.1 * strength:
        changed = changed[..., rng.permutation(3)]
    return changed.astype(np.float32)


def _other_stains(image: NDArray[np.float32], estimate: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint the tissue with other dyes: unmix haematoxylin and eosin, and mix them again with drawn colours.

    The nuclei stay blue to purple; the rest becomes pink, red, or brown as in immunohistochemistry, faint or strong.
    """
    density = -np.log(np.clip(image, 0.02, 2.0))
    found = estimate_stains(density) if estimate and rng.random() < estimate else None
    dyes_of_image = _HAEMATOXYLIN_EOSIN if found is None else found
    amounts = density @ np.linalg.inv(dyes_of_image).astype(np.float32)
    counterstain = _COUNTERSTAINS[rng.integers(len(_COUNTERSTAINS))]
    dyes = np.stack([_HAEMATOXYLIN_EOSIN[0], counterstain, _HAEMATOXYLIN_EOSIN[2]]) + rng.normal(0, 0.06, (3, 3))
    dyes = np.clip(dyes, 0, None)
    dyes /= np.linalg.norm(dyes, axis=1, keepdims=True)
    dyes *= np.exp(rng.normal(0, (0.2, 0.45, 0.2)))[:, None]
    return np.asarray(np.exp(-np.clip(amounts @ dyes.astype(np.float32), -0.5, 4.0)), np.float32)


def estimate_stains(density: NDArray[np.float32], least: float = 0.15) -> NDArray[np.float64] | None:
    """Find the two dyes of an image, from the extremes of its colours.

    Macenko et al. 2009, "A method for normalizing histology slides for quantitative analysis".

    Parameters
    ----------
    density : ndarray of float32, shape (Y, X, 3)
        Optical density.
    least : float
        Paler pixels are left out.

    Returns
    -------
    ndarray of float64, shape (3, 3), or None
        Haematoxylin, which absorbs more red, eosin, and what is perpendicular to both, each of length 1; None where the
        image shows less than two dyes.
    """
    pixels = density.reshape(-1, 3)[::7].astype(np.float64)
    pixels = pixels[np.linalg.norm(pixels, axis=1) > least]
    if len(pixels) < 200:
        return None
    plane = np.linalg.eigh(np.cov(pixels.T))[1][:, [2, 1]]
    plane[:, 0] *= np.sign(plane[:, 0].sum()) or 1.0
    angle = np.arctan2(pixels @ plane[:, 1], pixels @ plane[:, 0])
    ends = [plane @ (np.cos(at), np.sin(at)) for at in np.percentile(angle, (1, 99))]
    blue, pink = sorted(ends, key=lambda dye: -dye[0])
    rest = np.cross(blue, pink)
    if min(blue.min(), pink.min()) < -0.2 or np.linalg.norm(rest) < 0.25:
        return None
    return np.stack([blue, pink, rest / np.linalg.norm(rest)])


def _haze(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Add the glow of other nuclei that lie out of focus above or below."""
    height, width = image.shape[:2]
    away = np.roll(image, rng.integers(0, (height, width)), axis=(0, 1))[:: rng.choice([-1, 1])]
    glow = _blur(np.ascontiguousarray(away), float(rng.uniform(5, 20)))
    return image + np.float32(rng.uniform(0.1, 0.8)) * glow


def _partly_out_of_focus(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Blur one side of the field more than the other, as on a slide that is tilted."""
    height, width = image.shape[:2]
    corners = cv2.resize(rng.uniform(0, 1, (2, 2)).astype(np.float32), (width, height))[..., None]
    return image + corners * (_blur(image, float(rng.uniform(1.0, 3.5))) - image)


def _defocus(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Blur by a disc, a lens' round aperture: an edge doubles, a point becomes a ring, where a Gaussian only fades."""
    radius = float(rng.uniform(1.0, 4.0))
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(y, x), 0, 1)  # the rim's pixels count by their share
    return _keep_axes(cv2.filter2D(image, -1, (disc / disc.sum()).astype(np.float32)))


def _few_levels(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Round to 3 to 6 bits: a dim image that fills a corner of the camera's range, or was saved that way."""
    steps = np.float32(2 ** int(rng.integers(3, 7)) - 1)
    return np.asarray(np.rint(image * steps) / steps)


def _uneven_light(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    grid = rng.uniform(-1, 1, (3, 3)).astype(np.float32)
    field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    if rng.random() < 0.5:
        return image * (1 + np.float32(rng.uniform(0, 0.45)) * field)
    return image + np.float32(rng.uniform(0, 0.25)) * (field + 1)


def _lower_resolution(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    factor = rng.uniform(0.4, 0.8)
    small = cv2.resize(image, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
    return _keep_axes(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _camera_noise(image: NDArray[np.float32], colour: bool, rng: np.random.Generator) -> NDArray[np.float32]:
    """Shot noise that grows with the square root of the light, and read noise that does not."""
    shape = image.shape if colour else (*image.shape[:2], 1)
    shot, read = rng.uniform(0, 0.1), rng.uniform(0, 0.05)
    sigma = np.sqrt(shot**2 * np.clip(image, 0, None) + read**2)
    return np.asarray(image + sigma.astype(np.float32) * rng.standard_normal(shape, np.float32))


def _jpeg(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    eight = np.clip(image * 200, 0, 255).astype(np.uint8)
    _, code = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])
    return np.asarray(_keep_axes(np.asarray(cv2.imdecode(code, cv2.IMREAD_UNCHANGED))) / 200)
