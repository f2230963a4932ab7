"""The preview page: whole, self-contained, and of the crops that training would draw."""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.targets import SplitLine, equivalent_diameters
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.augmentation.crops import Sample
from hooke.training.segmentation.preview import write_preview

CONFIG = AugmentConfig(crop=64, wide=0.0, diameter=(15.0, 17.0))


def sample_of(seed, modality="fluorescence"):
    field = simulate((120, 140), seed=seed, density=0.3, modality=modality)
    diameters = equivalent_diameters(field.labels)
    ids = np.unique(field.labels)[1:]
    centres = np.array([np.argwhere(field.labels == one)[0] for one in ids], np.float32)
    image = (field.image / 255).astype(np.float16)
    return Sample(image, field.labels, diameters, centres, float(np.median(diameters[ids])), image.ndim == 3)


@pytest.fixture
def page(tmp_path):
    samples = [sample_of(1), sample_of(2, "histology"), sample_of(3)]
    groups = ["a: fluorescence", "<b>: histology", "a: fluorescence"]
    out = tmp_path / "deep" / "preview.html"
    assert write_preview(samples, groups, CONFIG, SplitLine(), out, np.random.default_rng(0)) == out
    return out


def test_the_page_needs_no_other_file(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert not re.search("https?:", text)
    assert "&lt;b&gt;: histology" in text
    assert "<b>" not in text
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert heads == ["&lt;b&gt;: histology", "a: fluorescence", "made up: 4% of all crops"]
    assert "2 images; in 32 crops" in text


def test_the_pictures_show_image_objects_and_four_maps(page):
    (first, *_) = re.findall(r"base64,([^\"]+)", page.read_text(encoding="utf-8"))
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(first), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (4 * 176, 6 * 176, 3)
    sheet = cv2.imread(str(page.with_suffix(".png")))
    assert sheet.shape == (3 * (26 + 4 * 176), 6 * 176, 3)
    foreground = picture[4:170, 2 * 176 + 4 : 3 * 176 - 4].reshape(-1, 3)
    assert len(np.unique(foreground[:, 1] // 128)) == 2  # dark background, yellow objects: by their green


def test_the_histogram_counts_every_object_where_it_belongs(page):
    text = page.read_text(encoding="utf-8")
    counted = re.findall(r"in 32 crops (\d+) objects", text)
    charts = [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    assert len(charts) == len(counted) == 2
    for chart, objects in zip(charts, counted, strict=True):
        bars = [one.text for one in chart.iter() if one.tag == "title"]
        assert sum(int(bar.rsplit(": ", 1)[1]) for bar in bars) == int(objects)
        weights = np.array([int(bar.rsplit(": ", 1)[1]) for bar in bars])
        upper = np.array([float(re.search(r"to (\d+)", bar)[1]) for bar in bars])
        middle = upper[np.searchsorted(weights.cumsum(), weights.sum() / 2)]
        assert 13 <= middle <= 20


def test_images_without_objects_can_be_shown(tmp_path):
    empty = Sample(
        np.zeros((80, 80), np.float16),
        np.zeros((80, 80), np.int32),
        np.ones(1, np.float32),
        np.empty((0, 2), np.float32),
        24.0,
        False,
    )
    out = tmp_path / "empty.html"
    config = CONFIG.model_copy(update={"negative": 0.0})
    write_preview([empty], ["none"], config, SplitLine(), out, np.random.default_rng(0))
    text = out.read_text(encoding="utf-8")
    assert "32 crops without any" in text
    assert "<svg" not in text


def test_nothing_to_show_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="0 images with 0 groups"):
        write_preview([], [], CONFIG, SplitLine(), tmp_path / "no.html", np.random.default_rng(0))
