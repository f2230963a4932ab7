"""Simulated stacks: repeatable, true, and the same nuclei at any distance of planes."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.datasets import StackSettings, simulate_stack
from hooke.errors import ConfigError
from hooke.measure import measure_stack

SMALL = StackSettings(shape=(40, 96, 96), density=0.15)


def test_a_seed_gives_the_same_stack():
    one, two = simulate_stack(SMALL, seed=4), simulate_stack(SMALL, seed=4)
    assert (one.image == two.image).all()
    assert (one.labels == two.labels).all()
    assert (simulate_stack(SMALL, seed=5).labels != one.labels).any()


def test_nuclei_are_bright_and_where_the_labels_say():
    made = simulate_stack(SMALL, seed=1)
    assert made.image.shape == made.labels.shape == (13, 96, 96)
    assert np.median(made.image[made.labels > 0]) > 2 * np.median(made.image[made.labels == 0])
    assert np.unique(made.labels).tolist() == list(range(made.count + 1))


def test_other_distances_of_planes_show_the_same_nuclei():
    fine = simulate_stack(StackSettings(shape=(40, 96, 96), anisotropy=1), seed=2)
    coarse = simulate_stack(StackSettings(shape=(40, 96, 96), anisotropy=4), seed=2)
    volumes = [np.sort(measure_stack(made.labels)["volume"].to_numpy())[::-1][:10] for made in (fine, coarse)]
    assert (4 * volumes[1]).tolist() == pytest.approx(volumes[0].tolist(), rel=0.1)


def test_nuclei_touch_above_each_other_where_they_may():
    def contacts(labels):
        above, below = labels[:-1], labels[1:]
        return np.count_nonzero((above != below) & (above > 0) & (below > 0))

    apart = simulate_stack(StackSettings(shape=(40, 96, 96), anisotropy=1, touching=0.0, density=0.08), seed=1)
    close = simulate_stack(StackSettings(shape=(40, 96, 96), anisotropy=1, touching=1.0, density=0.08), seed=1)
    assert contacts(close.labels) > 2 * contacts(apart.labels)


def test_blur_in_depth_reaches_planes_without_nuclei():
    def light_beyond(blur_z):
        made = simulate_stack(StackSettings(shape=(40, 96, 96), anisotropy=1, noise=0, blur_z=blur_z), seed=1)
        beyond = (made.labels[:-3] > 0) & ~(made.labels[3:] > 0)
        return made.image[3:][beyond].mean()

    assert light_beyond(4.0) > 1.5 * light_beyond(0.0)


@pytest.mark.parametrize("wrong", [{"anisotropy": 0.5}, {"density": 0.9}, {"shape": (2, 9, 9)}, {"diameter": 1}])
def test_a_wrong_setting_is_refused(wrong):
    with pytest.raises(ConfigError, match=r"choose|give"):
        simulate_stack(StackSettings(**wrong))


def test_frames_in_time_show_the_same_nuclei_a_little_farther():
    made = simulate_stack(StackSettings(shape=(40, 96, 96), anisotropy=2, times=3, displacement=0.3), seed=2)
    assert made.image.shape == made.labels.shape == (3, 20, 96, 96)
    first, second = (measure_stack(frame).set_index("label") for frame in made.labels[:2])
    whole = first.index[~first["at_border"]].intersection(second.index[~second["at_border"]])
    assert len(whole) >= 3
    step = second.loc[whole, ["centroid_z", "centroid_y", "centroid_x"]] - first.loc[whole].filter(like="centroid")
    length = np.linalg.norm(step * [2, 1, 1], axis=1)
    assert length.max() <= 0.3 * 22 + 0.5
    assert length.mean() > 1
    assert (second.loc[whole, "volume"] / first.loc[whole, "volume"]).between(0.9, 1.1).all()
