"""Bundles: a folder and a zip load the same, and everything wrong with one is reported."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

import hooke
from hooke.datasets import simulate
from hooke.errors import ModelError
from hooke.models import Model, is_default, is_shipped, known_models, load_model, read_bundle, verify_model
from hooke.models.bundle import NO_COLOUR
from tests.models.small_bundles import describe, tiny_onnx, write


def zipped(folder):
    return Path(shutil.make_archive(str(folder), "zip", folder))


def test_folder_and_zip_load_the_same(tmp_path):
    folder = write(tmp_path / "tiny", tiny_onnx())
    image = np.random.default_rng(0).random((1, 3, 32, 64), np.float32)
    models = [load_model(folder), load_model(zipped(folder))]
    for model in models:
        assert model.name == "tiny"
        assert model.scheme.nominal_diameter == 20
        assert model.settings.diameter_band == (13, 36)
        assert model.checksum == hashlib.sha256((folder / "weights.onnx").read_bytes()).hexdigest()
        np.testing.assert_allclose(model.network()(image), np.repeat(image.mean(1, keepdims=True), 4, 1), atol=1e-6)
    np.testing.assert_array_equal(models[0].network()(image), models[1].network(2)(image))


def test_a_bundle_within_it_looks_at_colour_images(tmp_path):
    folder = write(tmp_path / "both", b"grey", describe(b"grey", colour_bundle="colour"))
    within = write(folder / "colour", b"colours", describe(b"colours", parameters={"nominal_diameter": 30.0}))
    for model in (load_model(folder), load_model(zipped(folder))):
        assert model.for_image(colour=False) is model
        assert model.for_image(colour=True).scheme.nominal_diameter == 30
        assert model.for_image(colour=True).for_image(colour=True).bundle.weights == b"colours"
    before = read_bundle(folder).checksum
    (within / "rdf.yaml").write_text(yaml.safe_dump(describe(b"colours", parameters={"nominal_diameter": 31.0})))
    assert read_bundle(folder).checksum != before
    (within / "rdf.yaml").write_text(yaml.safe_dump(describe(b"colours", classes=["a"])))
    with pytest.raises(ModelError, match="bundle for colour images has other classes or channels"):
        read_bundle(folder)
    (within / "weights.onnx").unlink()
    with pytest.raises(ModelError, match=r"no readable colour/weights\.onnx"):
        read_bundle(folder)
    shutil.rmtree(within)
    with pytest.warns(UserWarning, match="both: the model's bundle lacks its network for colour images"):
        found = read_bundle(folder)
    assert found.colour is None
    assert found.weights == b"grey"


def flattened(folder, *, colour=b"colours"):
    """A bundle for grey and colour as bioimage.io's tool leaves it: files side by side, under names of the tool's."""
    within = describe(b"colours", parameters={"nominal_diameter": 30.0})
    description = describe(b"grey", colour_bundle="colour", colour=within)
    description["weights"]["onnx"]["source"] = "weights_2.onnx"
    digest = hashlib.sha256(b"colours").hexdigest()
    description["attachments"] = [{"source": "other.txt"}, {"source": "weights.onnx", "sha256": digest}]
    write(folder, colour, description)
    (folder / "weights_2.onnx").write_bytes(b"grey")
    return folder


def test_a_bundle_that_a_tool_has_repacked_is_the_same(tmp_path):
    whole = write(tmp_path / "whole", b"grey", describe(b"grey", colour_bundle="colour"))
    write(whole / "colour", b"colours", describe(b"colours", parameters={"nominal_diameter": 30.0}))
    folder = flattened(tmp_path / "flat")
    for path in (folder, zipped(folder)):
        found = read_bundle(path)
        assert found.checksum == read_bundle(whole).checksum
        assert found.colour.settings == read_bundle(whole).colour.settings
        assert not found.missing
    with pytest.raises(ModelError, match="differs from its checksum"):
        read_bundle(flattened(tmp_path / "damaged", colour=b"other"))


def test_the_shipped_bundle_survives_repacking(tmp_path):
    """Its description names each file of the network for colour images, by base names that a tool may change."""
    source = known_models()["nuclei"]
    description = yaml.safe_load((source / "rdf.yaml").read_text(encoding="utf-8"))
    listed = {one["source"]: one["sha256"] for one in description["attachments"]}
    for number, (name, digest) in enumerate(listed.items()):
        assert hashlib.sha256((source / name).read_bytes()).hexdigest() == digest
        shutil.copy(source / name, tmp_path / (f"{number}{Path(name).suffix}" if "/" in name else name))
        description["attachments"][number]["source"] = f"{number}{Path(name).suffix}" if "/" in name else name
    for name in ("weights.onnx", "test_input.npy", "test_output.npy"):
        shutil.copy(source / name, tmp_path / name)
    (tmp_path / "rdf.yaml").write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")
    assert read_bundle(tmp_path).checksum == read_bundle(source).checksum
    assert set(verify_model(tmp_path).differences) == {"", "colour"}


def test_an_image_in_colour_is_said_to_lack_its_network(tmp_path):
    source = known_models()["nuclei"]
    for name in ("rdf.yaml", "weights.onnx", "weights-int8.onnx"):
        shutil.copy(source / name, tmp_path / name)
    with pytest.warns(UserWarning, match="lacks its network for colour"):
        model = Model(read_bundle(tmp_path))
    stained = simulate((128, 128), seed=0, modality="histology").image
    grey = simulate((128, 128), seed=0).image
    assert NO_COLOUR in hooke.segment(stained, model).warnings
    assert NO_COLOUR not in hooke.segment(grey, model).warnings


def test_loading_again_costs_nothing(tmp_path):
    folder = write(tmp_path / "tiny")
    assert load_model(folder) is load_model(str(folder))


@pytest.mark.parametrize("as_zip", [False, True])
def test_weights_that_differ_from_their_checksum(tmp_path, as_zip):
    folder = write(tmp_path / "tiny", b"weights")
    (folder / "weights.onnx").write_bytes(b"weight")
    with pytest.raises(ModelError, match=r"tiny.*checksum.*copy or export it again"):
        read_bundle(zipped(folder) if as_zip else folder)


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("name", ["rdf.yaml", "weights.onnx"])
def test_a_part_that_is_missing_is_named(tmp_path, name, as_zip):
    folder = write(tmp_path / "tiny")
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"no readable {name}"):
        read_bundle(zipped(folder) if as_zip else folder)


def test_a_zip_cut_short(tmp_path):
    archive = zipped(write(tmp_path / "tiny", bytes(5000)))
    archive.write_bytes(archive.read_bytes()[:-60])
    with pytest.raises(ModelError, match="is not a model bundle"):
        read_bundle(archive)


def test_a_zip_whose_middle_is_damaged(tmp_path):
    archive = zipped(write(tmp_path / "tiny", np.random.default_rng(0).bytes(5000)))
    raw = bytearray(archive.read_bytes())
    at = raw.index(b"weights.onnx") + 500
    raw[at : at + 8] = bytes(8)
    archive.write_bytes(raw)
    with pytest.raises(ModelError, match=r"no readable weights.onnx"):
        read_bundle(archive)


def test_a_file_that_is_no_bundle(tmp_path):
    path = tmp_path / "notes.zip"
    path.write_text("hello")
    with pytest.raises(ModelError, match=r"notes.zip.*not a model bundle"):
        read_bundle(path)
    with pytest.raises(ModelError, match="no such model bundle"):
        read_bundle(tmp_path / "nowhere")


def test_a_model_made_for_other_programs(tmp_path):
    folder = write(tmp_path / "other", description={"name": "other", "config": {"deepimagej": {}}})
    with pytest.raises(ModelError, match="not made for hooke"):
        read_bundle(folder)


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2", "", "\x00"])
def test_a_description_that_is_none(tmp_path, text):
    folder = write(tmp_path / "tiny")
    (folder / "rdf.yaml").write_text(text)
    with pytest.raises(ModelError, match=r"rdf\.yaml"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scheme": None}, "scheme"),
        ({"diameter_band": [1]}, "diameter_band"),
        ({"stride": 0}, "stride"),
        ({"format": 2}, "format"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(tmp_path, change, message):
    folder = write(tmp_path / "tiny", description=describe(b"weights", **change))
    with pytest.raises(ModelError, match=f"bundle setting {message}"):
        read_bundle(folder)


@pytest.mark.parametrize("config", ["nothing", None, {"hooke": None}, [1]])
def test_a_config_that_is_no_mapping(tmp_path, config):
    folder = write(tmp_path / "tiny", description={**describe(b"weights"), "config": config})
    with pytest.raises(ModelError, match="not made for hooke"):
        read_bundle(folder)


@pytest.mark.parametrize("weights", ["nothing", None, {"onnx": None}])
def test_without_a_checksum_the_weights_are_taken_as_they_are(tmp_path, weights):
    folder = write(tmp_path / "tiny", description={**describe(b"weights"), "weights": weights})
    assert read_bundle(folder).weights == b"weights"


def test_an_unknown_scheme(tmp_path):
    folder = write(tmp_path / "tiny", description=describe(b"weights", scheme="flows"))
    with pytest.raises(ModelError, match=r"unknown target scheme 'flows'.*splitline"):
        load_model(folder)


def test_weights_that_are_no_network(tmp_path):
    model = Model(read_bundle(write(tmp_path / "tiny")))
    with pytest.raises(ModelError, match=r"tiny.*weights.onnx can't be run"):
        model.network()


def test_an_unknown_model_lists_the_known_ones_and_suggests_the_near_one(tmp_path, monkeypatch):
    write(tmp_path / "organoids")
    zipped(write(tmp_path / "elsewhere" / "yeast")).rename(tmp_path / "yeast.zip")
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    known = known_models()
    assert {"organoids", "yeast"} <= set(known)
    assert "elsewhere" not in known
    with pytest.raises(ModelError, match=r"unknown model 'organoid'; did you mean 'organoids'\?.*organoids.*yeast"):
        load_model("organoid")


def test_own_models_load_by_name(tmp_path, monkeypatch):
    write(tmp_path / "organoids")
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    assert load_model("organoids").name == "tiny"


def test_a_folder_of_models_that_is_missing_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path / "nowhere"))
    known_models()


def test_a_copy_of_the_shipped_model_is_its_users_own(tmp_path):
    assert is_shipped(load_model("nuclei"))
    copy = tmp_path / "nuclei"
    shutil.copytree(known_models()["nuclei"], copy)
    assert not is_shipped(load_model(copy))


def test_only_the_training_images_of_nuclei_are_known_to_the_warnings(tmp_path):
    assert is_default(load_model("nuclei")) and not is_default(load_model("cells"))
    assert is_shipped(load_model("cells"))
    copy = tmp_path / "nuclei"
    shutil.copytree(known_models()["nuclei"], copy)
    assert not is_default(load_model(copy))
