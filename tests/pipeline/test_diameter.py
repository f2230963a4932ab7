from dataclasses import replace

import cv2
import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.image import Image
from hooke.pipeline import diameter
from hooke.pipeline.diameter import _confirmed_by_finer_scale, _per_area, estimate_diameter
from hooke.pipeline.first_pass import Vote, join_votes, median_diameter, view_fields
from hooke.pipeline.mere_noise import is_mere_noise
from hooke.preprocess import fit_normalisation
from hooke.targets import equivalent_diameters
from tests.builders import phase_contrast_field


def measured(pixels, name="nuclei"):
    image = Image(pixels)
    return estimate_diameter(hooke.load_model(name), image.pixels, fit_normalisation(image), threads=2)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 3.0])
def test_diameter_follows_the_magnification(factor):
    made = simulate((256, 256), seed=11, diameter=24, overlap=0.1)
    true = np.median(equivalent_diameters(made.labels)[1:])
    pixels = cv2.resize(made.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert measured(pixels) == pytest.approx(true * factor, rel=0.3)


@pytest.mark.parametrize("size", [60, 90])
def test_texture_of_large_nuclei_is_not_taken_for_small_ones(size):
    made = simulate((512, 512), seed=5, diameter=size, density=0.25)
    true = np.median(equivalent_diameters(made.labels)[1:])
    assert measured(made.image) == pytest.approx(true, rel=0.3)


def crop_around_one_nucleus(side):
    """A nucleus across two thirds of its image, with texture and noise, as of a confocal stack of one cell."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:side, :side] / side - 0.5
    inside = np.hypot(y / 0.36, x / 0.3) < 1
    texture = cv2.GaussianBlur(rng.normal(0, 1, (side, side)), (0, 0), side / 50)
    light = cv2.GaussianBlur(inside * (40 + 12 * texture / texture.std()), (0, 0), 1.2)
    return rng.poisson(np.maximum(light, 0) + 2).astype(np.uint8), np.sqrt(inside.sum() * 4 / np.pi)


@pytest.mark.parametrize("side", [180, 215, 250, 420])
def test_a_nucleus_that_fills_a_small_image_is_shown_small_enough(side):
    pixels, true = crop_around_one_nucleus(side)
    assert measured(pixels) == pytest.approx(true, rel=0.2)


@pytest.mark.parametrize(("density", "fields"), [(0.4, [2]), (0.02, [2, 2])])
def test_two_fields_of_the_finest_scale_are_enough_where_much_is_seen(monkeypatch, density, fields):
    shown = []

    def view(model, pixels, normalisation, jobs, threads=1, known=None):
        shown.append(sum(scale == 1 for scale, _ in jobs))
        return view_fields(model, pixels, normalisation, jobs, threads, known)

    monkeypatch.setattr(diameter, "view_fields", view)
    made = simulate((512, 512), seed=7, diameter=24, density=density)
    true = np.median(equivalent_diameters(made.labels)[1:])
    assert measured(made.image) == pytest.approx(true, rel=0.2)
    assert shown == fields


def test_objects_count_for_those_outside_of_the_fields():
    """A coarse scale shows ten large objects, all there are; two fields of the finest show five of forty small ones."""
    shape = (1024, 1024)
    large = Vote(np.full(10, 90.0), np.ones(10), 0.25, 1024.0**2)
    small = [Vote(np.full(number, 12.0), np.ones(number), 1.0, 256.0**2) for number in (2, 3)]
    fine = join_votes(small)
    assert median_diameter(join_votes([large, fine])) == 90
    assert median_diameter(join_votes(_per_area([large, fine], shape))) == 12
    assert _per_area([large, fine], shape)[0].weight.sum() == 10
    # Of a field of 64 megapixels a hundredth is shown: five specks there do not outvote hundreds.
    crowd = Vote(np.full(300, 90.0), np.ones(300), 0.125, 8192.0**2)
    assert median_diameter(join_votes(_per_area([crowd, fine], (8192, 8192)))) == 90


@pytest.mark.parametrize("seed", range(3))
def test_few_tiny_nuclei_of_a_small_image_are_seen(seed):
    made = simulate((256, 256), seed=seed, diameter=20, density=0.02, overlap=0)
    pixels = cv2.resize(made.image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    assert 4 <= made.count <= 6
    assert measured(pixels) == pytest.approx(8, rel=0.2)


def test_nothing_to_see_gives_none():
    assert measured(np.random.default_rng(0).normal(100, 5, (256, 256)).astype(np.uint16)) is None


@pytest.mark.parametrize("blur", [1.5, 2, 3])
def test_lumps_of_smoothed_noise_are_no_objects(blur):
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(300, 8, (520, 696)), (0, 0), blur)
    assert measured(noise.astype(np.uint16)) is None


@pytest.mark.parametrize(("count", "noise"), [(9, True), (3, False)])
def test_only_many_lumps_are_called_noise(count, noise):
    pixels = np.random.default_rng(0).normal(300, 8, (256, 256)).astype(np.float32)
    votes = [Vote(np.full(count, 8.0), np.full(count, 0.5), 1.0, 256.0 * 256)]
    assert is_mere_noise(pixels, fit_normalisation(Image(pixels)), 8.0, votes) is noise
    for number in range(9):
        cv2.circle(pixels, (40 + 80 * (number % 3), 40 + 80 * (number // 3)), 4, 360.0, -1)
    assert not is_mere_noise(pixels, fit_normalisation(Image(pixels)), 8.0, votes)


def test_as_many_dark_objects_as_bright_ones_are_not_noise():
    """A stained section in grey is as symmetric as noise; what it has more is edges."""
    pixels = np.random.default_rng(0).normal(300, 8, (512, 512)).astype(np.float32)
    for number in range(64):
        centre = 32 + 64 * (number % 8), 32 + 64 * (number // 8)
        cv2.circle(pixels, centre, 10, 360.0 if (number + number // 8) % 2 else 240.0, -1)
    votes = [Vote(np.full(64, 20.0), np.full(64, 0.5), 1.0, 512.0 * 512)]
    assert not is_mere_noise(pixels, fit_normalisation(Image(pixels)), 20.0, votes)


def test_pixels_that_are_not_numbers_do_not_make_an_image_noise():
    rng = np.random.default_rng(0)
    pixels = rng.normal(300, 8, (512, 512)).astype(np.float32)
    for number in range(64):
        cv2.circle(pixels, (32 + 64 * (number % 8), 32 + 64 * (number // 8)), 10, 360.0, -1)
    votes = [Vote(np.full(64, 20.0), np.full(64, 0.5), 1.0, 512.0 * 512)]
    pixels[rng.random(pixels.shape) < 1e-3] = np.nan
    assert not is_mere_noise(pixels, fit_normalisation(Image(pixels)), 20.0, votes)
    noise = cv2.GaussianBlur(rng.normal(300, 8, (512, 512)).astype(np.float32), (0, 0), 2)
    noise[0, 0] = np.inf
    assert is_mere_noise(noise, fit_normalisation(Image(noise)), 8.0, votes)


def test_votes_weigh_by_trust():
    votes = np.array([40.0, 10.0, 20.0])
    assert median_diameter(Vote(votes, np.array([1.0, 1.0, 1.0]))) == 20
    assert median_diameter(Vote(votes, np.array([0.0, 3.0, 1.0]))) == 10
    assert median_diameter(Vote(votes, np.array([5.0, 3.0, 1.0]))) == 40
    assert median_diameter(Vote(np.zeros(0), np.zeros(0))) is None


def seen(diameters, scale):
    diameters = np.asarray(diameters, float)
    return Vote(diameters, np.ones(len(diameters)), scale, looked_at=512.0 * 512)


def test_what_the_next_finer_scale_should_see_and_does_not_is_no_object():
    fat, small = seen([160, 170, 180], 0.125), seen([20, 22], 1.0)
    coarse, *_, fine = _confirmed_by_finer_scale([fat, small, seen([], 0.25)], (16, 44), (512, 512))
    assert coarse.weight.sum() == 0
    assert fine.weight.tolist() == [1, 1]
    # Seen on both scales, or looked for in a part of the image only: it counts.
    for votes, shape in [([fat, seen([165, 175], 0.25)], (512, 512)), ([fat, seen([], 0.25)], (4096, 4096))]:
        assert _confirmed_by_finer_scale(votes, (16, 44), shape)[0].weight.tolist() == [1, 1, 1]
    # Too large for the finer scale to be believed: it can't refute either.
    assert _confirmed_by_finer_scale([seen([340], 0.125), seen([], 0.25)], (16, 44), (512, 512))[0].weight.tolist() == [
        1
    ]


def test_what_is_refuted_itself_supports_nothing():
    votes = [seen([45, 46], 0.25), seen([36, 37], 0.5), seen([9, 10], 1.0)]
    assert [vote.weight.sum() for vote in _confirmed_by_finer_scale(votes, (16, 44), (410, 410))] == [0, 0, 2]


@pytest.mark.parametrize(("name", "limit"), [("nuclei", 3), ("cells", 1)])
def test_details_of_whole_cells_count_for_themselves_alone(monkeypatch, name, limit):
    limits = []
    monkeypatch.setattr(diameter, "_per_area", lambda votes, shape, limit: limits.append(limit) or votes)
    measured(phase_contrast_field(0), name)
    assert set(limits) == {limit}


def test_two_coarse_scales_that_agree_are_believed_where_finer_ones_show_nothing():
    """As of large granular nuclei."""
    votes = [seen([98, 100, 110], 0.125), seen([90, 95], 0.25), seen([], 0.5), seen([], 1.0)]
    assert [vote.weight.sum() for vote in _confirmed_by_finer_scale(votes, (16, 44), (512, 512))] == [3, 0, 0, 0]


def test_a_finer_scale_that_shows_a_part_refutes_by_what_was_seen_there():
    shape = (4096, 4096)
    fields = [np.s_[512:1536, 512:1536], np.s_[2560:3584, 2560:3584]]
    other = [Vote(np.full(4, 30.0), np.ones(4), 0.25, 1024.0**2, np.zeros((4, 2)), (one,)) for one in fields]
    clear = [replace(one, diameter=np.full(4, 100.0)) for one in other]
    nothing = [replace(one, weight=np.zeros(4)) for one in other]
    for places, fine, kept in [
        ([900, 1000, 1100, 2000, 3000], other, 0),  # four of five lie where the finer scale shows smaller ones
        ([900, 1000, 1100, 2000, 3000], clear, 5),
        ([900, 1000, 1100, 2000, 3000], nothing, 5),  # rather too large and granular for the finer scale
        ([100, 200, 300, 400, 2000], other, 5),  # the finer scale looked elsewhere
        ([100, 200, 300, 400, 1000], other, 5),  # one of them may be missed by chance
    ]:
        place = np.stack([places, places], axis=1).astype(float)
        coarse = Vote(np.full(5, 100.0), np.ones(5), 0.125, 4096.0**2, place, (np.s_[0:4096, 0:4096],))
        assert _confirmed_by_finer_scale([coarse, *fine], (16, 44), shape)[0].weight.sum() == kept


@pytest.mark.parametrize(("small", "expected"), [(6, 24.0), (0, 60.0)])
def test_an_island_that_the_finer_fields_missed_is_shown_again(monkeypatch, small, expected):
    """The coarse scale sees objects of 60 pixels on it; the finer one, shown it, sees some of 24, or the same."""
    island = np.s_[800:1000, 800:1000]
    shown = []

    def view(model, pixels, normalisation, jobs, threads=1, known=None):
        votes = []
        for scale, (rows, columns) in jobs:
            there = rows.start < 900 < rows.stop and columns.start < 900 < columns.stop
            shown.append((scale, there))
            count, size = {0.25: (8, 60.0), 0.5: (small or 8, 24.0 if small else 60.0)}.get(scale, (0, 0.0))
            count *= there
            area = float((rows.stop - rows.start) * (columns.stop - columns.start))
            place = np.full((count, 2), 900.0)
            votes.append(Vote(np.full(count, size), np.ones(count), scale, area, place, ((rows, columns),)))
        return votes

    monkeypatch.setattr(diameter, "view_fields", view)
    pixels = np.random.default_rng(0).normal(100, 5, (1800, 1800)).astype(np.float32)
    pixels[island] += 200
    assert measured(pixels) == expected
    assert [scale for scale, there in shown if there] == [0.25] * 4 + [0.125] + [0.5]
