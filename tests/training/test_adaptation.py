"""A model learns from corrected images: what is unknown or held out is left out, and what is frozen stays."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import torch

from hooke.corrections import CorrectedImage, tune
from hooke.corrections.known_regions import clear_unknown
from hooke.corrections.parent_choice import choose_parent
from hooke.datasets import simulate
from hooke.errors import ConfigError, DatasetError, ModelError, OutputError
from hooke.image import Image
from hooke.io import write_labels, write_png
from hooke.labels import offset_outlines
from hooke.models import CARD_SETTINGS, TunedSettings, known_models, load_model, write_tuned
from hooke.models.description import describe_model
from hooke.pipeline import segment
from hooke.training.adaptation import few_shot, loop, refinement
from hooke.training.adaptation.adapted_bundle import write_adapted
from hooke.training.adaptation.few_shot import adapt
from hooke.training.adaptation.held_out import divide, samples_for, whole
from hooke.training.adaptation.judgement import Judged, find_objects, mean_of, score_part
from hooke.training.adaptation.kept_images import Kept, simulated_samples
from hooke.training.adaptation.mixed_crops import TAUGHT, AdaptationCrops, loader_of
from hooke.training.adaptation.module import AdaptationModule, early_parts
from hooke.training.adaptation.recipe import FAR, FEW, MANY, config_of_parent, with_choices
from hooke.training.augmentation.config import AugmentConfig
from hooke.training.augmentation.crops import cut_crop
from hooke.training.bundles import int8_check
from hooke.training.segmentation.shipped import load_weights
from tests.builders import phase_contrast_field, write_dataset

NOTHING = Kept([], [], "nothing", labelled=True)
PLAIN = AugmentConfig(crop=64, wide=0, negative=0)


def corrected(count=3, side=112, modality="fluorescence", grown=0, **changes):
    """Simulated images with their truth."""
    found = []
    for seed in range(count):
        field = simulate((side, side), seed=seed, diameter=22, density=0.25, modality=modality)
        image = Image(field.image, is_rgb=field.image.ndim == 3)
        found.append(CorrectedImage(f"i{seed}", image, np.roll(field.labels, grown, axis=1), **changes))
    return found


@pytest.fixture(scope="module")
def kept():
    """Two simulated images that a network is to answer as before."""
    made = simulated_samples(load_model("nuclei"), False, 0, count=2)
    return replace(made, check=[])


def fresh(colour=False, frozen=2, **changes):
    """A module with the shipped network's weights, and its parent."""
    parent = load_model("nuclei")
    used = parent.for_image(colour=colour)
    config = config_of_parent(used.bundle, FEW, 24, 0).model_copy(update={"precision": "32-true", **changes})
    module = AdaptationModule(config, frozen)
    load_weights(module.network, used.bundle.weights, Path("x"), torch.zeros(1, 3, 64, 64), settle=False)
    module.begin()
    return module, parent


@pytest.mark.slow
def test_small_bodies_beside_simulated_nuclei_are_what_a_model_of_parts_knows():
    model = load_model("micronuclei")
    made = simulated_samples(model, False, 0, count=4)
    assert (len(made.train), len(made.check)) == (4, 2)
    scores = [score_part(find_objects(model, part), part) for part in made.check]
    assert mean_of(scores)["f1_50"] > 0.9


# --- what is unknown ----------------------------------------------------------------------------------------------


def test_where_labels_are_known_follows_the_crop():
    (image,) = corrected(1)
    known = np.zeros(image.labels.shape, np.bool_)
    known[:, :50] = True
    image = replace(image, labels=known.astype(np.int32), known=known)  # one object, just where it is known
    (learned,) = samples_for(load_model("nuclei"), [image])[False]
    for seed in range(6):
        for elastic in (0, 1):
            config = PLAIN.model_copy(update={"elastic": elastic})
            crop = cut_crop(learned.sample, config, np.random.default_rng(seed))
            assert np.array_equal(crop.known, crop.labels == 1)


def test_what_is_unknown_costs_nothing():
    module, parent = fresh()
    (image,) = corrected(1)
    known = np.ones(image.labels.shape, np.bool_)
    known[:60] = False
    samples = [learned.sample for learned in samples_for(parent, [replace(image, known=known)])[False]]
    config = module.config.model_copy(update={"batch": 2, "augment": PLAIN})
    batch = next(iter(loader_of(AdaptationCrops(samples, NOTHING, 0, config, module.scheme))))
    unknown = ~batch.known
    assert bool(unknown.any()) and bool(batch.known.any())
    with torch.no_grad():
        output = module.network(batch.image)
        loss = module._losses(output, batch)["loss"]
        turned = torch.where(unknown[:, None], 1 - batch.maps, batch.maps)
        assert torch.equal(module._losses(output, batch._replace(maps=turned))["loss"], loss)
        turned = torch.where(unknown[:, None], batch.maps, 1 - batch.maps)
        assert module._losses(output, batch._replace(maps=turned))["loss"] > loss


def test_objects_that_are_mostly_unknown_do_not_count():
    labels = np.array([[1, 1, 0, 2, 2, 2], [1, 1, 0, 3, 3, 3]], np.int32)
    known = np.array([[1, 0, 1, 1, 0, 0], [1, 0, 1, 0, 0, 0]], np.bool_)
    assert np.unique(clear_unknown(labels, known)).tolist() == [0, 1]  # half of 1 is known, a third of 2, nothing of 3
    assert clear_unknown(labels, None) is labels


# --- what is held out ---------------------------------------------------------------------------------------------


def test_a_part_of_each_image_is_held_out_of_few():
    images = samples_for(load_model("nuclei"), corrected(3, side=160))[False]
    division = divide(images, np.random.default_rng(0))
    assert len(division.train) == len(division.check) == len(division.checked) == 3
    for sample, part in zip(division.train, division.checked, strict=True):
        assert part.part.any() and not (sample.known & part.part).any()
        places = sample.centres.astype(int)
        assert not part.part[places[:, 0], places[:, 1]].any()  # crops are not drawn towards it


def test_images_of_one_group_stay_together():
    images = samples_for(load_model("nuclei"), corrected(1, side=64))[False] * 18
    images = [replace(image, name=str(number), group=f"g{number // 2}") for number, image in enumerate(images)]
    images = [replace(image, source=replace(image.source, name=image.name)) for image in images]
    division = divide(images, np.random.default_rng(1))
    held = {int(part.source.name) // 2 for part in division.checked}
    learnt = {int(name) // 2 for name in division.names}
    assert len(held) == 2 and not held & learnt
    named = [replace(image, source=replace(image.source, split="val")) for image in images[:3]]
    division = divide([*named, *images[3:]], np.random.default_rng(1))
    assert {part.source.name for part in division.checked} == {"0", "1", "2"}


def test_nothing_is_held_out_of_a_few_objects():
    (image,) = corrected(1)
    image = replace(image, labels=np.where(image.labels == 1, 1, 0).astype(np.int32))
    division = divide(samples_for(load_model("nuclei"), [image])[False], np.random.default_rng(0))
    assert (division.check, division.how) == ([], "")
    assert division.train[0].known is None


# --- what stays ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_only_what_is_not_frozen_learns(tmp_path, kept):
    parent = load_model("nuclei")
    module, _ = fresh()
    images = samples_for(parent, corrected(2))[False]
    recipe = replace(with_choices(FEW, steps=2, keep_share=0.5), batch=2, checks=1)
    adapted = loop.adapt_network(parent, images, kept, recipe, tmp_path)
    before, after = module.network.state_dict(), adapted.module.network.state_dict()
    frozen = {value.data_ptr() for part in early_parts(module.network, 2) for value in part.state_dict().values()}
    assert len(frozen) > 20
    for name, value in before.items():
        if "running" in name or value.data_ptr() in frozen:
            assert torch.equal(value, after[name]), name
    assert not torch.equal(before["head.weight"], after["head.weight"])


@pytest.mark.slow
def test_what_is_kept_is_taught_by_the_network_as_it_was(kept):
    module, parent = fresh()
    config = module.config.model_copy(update={"batch": 2, "augment": PLAIN})
    (sample, *_) = samples_for(parent, corrected(1))[False]
    batch = next(iter(loader_of(AdaptationCrops([sample.sample], kept, 1.0, config, module.scheme))))
    assert batch.source.tolist() == [TAUGHT, TAUGHT]
    seen = []
    module.log_dict = lambda *_, **__: None
    module.scheme_loss = lambda output, maps, *_: seen.append((output, maps)) or {"loss": output.sum() * 0}
    module.eval()
    module._trainer = None
    with torch.no_grad():
        module.training_step(batch, 0)
    output, maps = seen[0]
    assert torch.allclose(torch.sigmoid(output), maps, atol=1e-5)  # nothing has been learnt yet, and nothing is asked


@pytest.mark.slow
def test_dice_of_split_lines_is_for_objects_that_touch(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(loop, "_train", lambda module, *_: seen.append(module.config.loss) or False)
    (image,) = corrected(1)
    apart = np.zeros(image.labels.shape, np.int32)
    apart[10:40, 10:40], apart[60:90, 60:90] = 1, 2
    touching = np.zeros_like(apart)
    touching[20:80, 20:50], touching[20:80, 50:80] = 1, 2
    for labels in (apart, touching):
        images = samples_for(load_model("nuclei"), [replace(image, labels=labels)])[False]
        loop.adapt_network(load_model("nuclei"), images, NOTHING, FEW, tmp_path)
    assert [loss.split for loss in seen] == ["bce", "bce+dice"]
    assert {loss.foreground for loss in seen} == {"bce+dice"}


# --- the bundle ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_a_bundle_of_what_was_not_trained_answers_as_its_parent(tmp_path, colour):
    module, parent = fresh(colour)
    facts = {"images": 5, "objects": 50, "name": "five images", "scores": {}}
    write_adapted(module, parent, colour, tmp_path / "mine", facts)
    made = load_model(tmp_path / "mine")
    assert made.name == "model mine"
    own, other = made.for_image(colour=colour), made.for_image(colour=not colour)
    assert other.bundle.weights == parent.for_image(colour=not colour).bundle.weights
    kept = [name for name in CARD_SETTINGS if name != "visible_rim"]
    for field in ("parameters", "diameter_band", "accurate_band", "trained_diameters", "classes", "channels", *kept):
        assert getattr(own.settings, field) == getattr(parent.for_image(colour=colour).settings, field)
    assert not own.settings.visible_rim  # its outlines are the user's already
    assert other.settings.visible_rim == parent.for_image(colour=not colour).settings.visible_rim
    shown = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    both = [model.with_runtime("onnxruntime") for model in (own, parent.for_image(colour=colour))]
    answers = [model.network()(shown) for model in both]
    assert np.abs(answers[0] - answers[1]).max() < 5e-3  # stored in 16 bits
    assert "five images" in describe_model("mine", tmp_path / "mine").training_data[-1]


def test_a_bundle_of_unknown_making_is_refused():
    bundle = load_model("nuclei").bundle
    told = {**bundle.description, "config": {"hooke": {}}}
    with pytest.raises(ModelError, match="does not say which network"):
        config_of_parent(replace(bundle, description=told), FEW, 24, 0)


# --- from files to a model ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A small data set that a model is to remain good at."""
    fields = [simulate((96, 96), seed=seed, diameter=22, density=0.2) for seed in (7, 8)]
    rows = [
        (f"h{n}", split, "fluorescence", f.image, f.labels)
        for n, (f, split) in enumerate(zip(fields, ("train", "val"), strict=True))
    ]
    return write_dataset(tmp_path_factory.mktemp("home"), rows)


@pytest.fixture
def folder(tmp_path):
    """Images and corrected labels, moved by two pixels; and one pair of two sizes."""
    for image in corrected(3, grown=2):
        write_png(tmp_path / "mine/images" / f"{image.name}.png", image.image.pixels)
        write_labels(tmp_path / "mine/labels" / f"{image.name}.tif", [image.labels])
    write_png(tmp_path / "mine/images/odd.png", np.zeros((40, 40), np.uint8))
    write_labels(tmp_path / "mine/labels/odd.tif", [np.ones((30, 40), np.int32)])
    return tmp_path / "mine"


@pytest.mark.slow
def test_from_a_folder_to_a_model_and_a_report(folder, home, tmp_path):
    said = []
    done = adapt(folder, tmp_path / "model", keep=home, steps=2, say=said.append)
    assert (done.images, done.colour, done.how) == (3, False, "a quarter of 3 of 3 images")
    assert list(done.failed) == ["odd"] and "30 x 40" in done.failed["odd"]
    assert "3 corrected images" in said[0]
    assert set(done.before) == set(done.after) == set(done.home_before) == {"dsb", "ap_50", "f1_50"}
    assert done.home == home.name
    made = load_model(tmp_path / "model")
    assert made.bundle.colour.weights == load_model("nuclei").bundle.colour.weights
    adapted = made.bundle.description["config"]["hooke"]["training"]["adapted"]
    assert adapted["parent_checksum"] == load_model("nuclei").checksum
    assert str(tmp_path) not in (tmp_path / "model/rdf.yaml").read_text()
    page = (tmp_path / "model-report.html").read_text()
    assert "What changed" in page and "odd" in page
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert segment(corrected(1)[0].image, made, threads=1).labels.shape == (112, 112)


@pytest.mark.slow
def test_what_the_model_finds_already_teaches_nothing(tmp_path, home):
    images = [replace(image, labels=segment(image.image, "nuclei").labels) for image in corrected(2)]
    with pytest.raises(DatasetError, match="nothing to learn"):
        adapt(images, tmp_path / "model", keep=home)
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_all_layers_learn_where_the_model_fails(tmp_path, home, monkeypatch):
    used = []

    class Seen(Exception):
        pass

    def record(model, images, kept, recipe, run, *, seed):
        used.append(recipe)
        raise Seen

    monkeypatch.setattr(few_shot, "adapt_network", record)
    for grown, many in ((2, False), (40, False), (2, True)):  # moved by 40 pixels the labels are of nothing
        with pytest.raises(Seen):
            adapt(corrected(2, grown=grown), tmp_path / "model", keep=home, many=many, keep_share=0.5)
    assert [recipe.frozen for recipe in used] == [FEW.frozen, FAR.frozen, MANY.frozen]
    assert [recipe.steps for recipe in used] == [FEW.steps, FAR.steps, MANY.steps]
    assert {recipe.kept for recipe in used} == {0.5}


def test_classes_that_the_parent_lacks_are_noted():
    notes = []
    learned = samples_for(load_model("nuclei"), corrected(1, classes={1: "round"}))[False]
    few_shot._check_classes(load_model("nuclei"), learned, notes)
    assert "no class round" in notes[0] and "hooke classify train" in notes[0]


def test_the_network_is_that_of_most_objects():
    grey, slides = corrected(1), corrected(2, modality="histology")
    notes = []
    chosen, colour = few_shot._choose(load_model("nuclei"), [*grey, *slides], notes)
    assert colour and len(chosen) == 2 and "1 grey image" in notes[0]


@pytest.mark.parametrize(("wrong", "said"), [({"steps": 0}, "steps"), ({"keep_share": 1.0}, "keep_share")])
def test_settings_out_of_range_are_refused(tmp_path, wrong, said):
    with pytest.raises(ConfigError, match=said):
        adapt(corrected(1), tmp_path / "model", **wrong)


# --- parents that were tuned or adapted, and what is done at the end ---------------------------------------------


@pytest.fixture
def untrained(monkeypatch):
    """Adapting without training: the network stays as it is."""

    def keep(model, images, kept, recipe, run, *, seed):
        config = config_of_parent(model.bundle, recipe, 24, seed).model_copy(update={"precision": "32-true"})
        module = AdaptationModule(config)
        load_weights(module.network, model.bundle.weights, Path("x"), torch.zeros(1, 3, 64, 64), settle=False)
        return loop.Adapted(module.eval(), divide(images, np.random.default_rng(0)), stopped=False)

    monkeypatch.setattr(few_shot, "adapt_network", keep)


@pytest.mark.slow
def test_a_tuned_model_is_adapted_and_an_adapted_one_tuned_and_adapted(tmp_path, home, untrained):
    settings = TunedSettings.of(load_model("nuclei"))
    settings = replace(
        settings,
        grey=settings.grey.model_copy(update={"grow": 2.0, "diameter_range": (10.0, 40.0)}),
        colour=settings.colour.model_copy(update={"grow": 1.0}),
    )
    tuned = write_tuned(tmp_path / "tuned", load_model("nuclei"), settings, {}, known=known_models())
    done = adapt(corrected(2, grown=1), tmp_path / "adapted", parent=tuned, keep=home)
    model = load_model(tmp_path / "adapted")
    # The network learns where outlines are; what is of the images, and the other network, stay as they were tuned.
    assert model.settings.grow != 2.0 and model.settings.diameter_range == (10.0, 40.0)
    assert model.bundle.colour.settings.grow == 1.0 and model.bundle.origin is None
    assert done.before != done.after  # the parent is the tuned one
    assert (model.bundle.int8 is not None) == any(note.startswith("weights in 8 bits") for note in done.notes)

    again = adapt(corrected(2, grown=2), tmp_path / "again", parent=tmp_path / "adapted", keep=home)
    told = load_model(again.bundle).bundle.description["config"]["hooke"]
    assert told["kind"].count("; adapted") == 1 and len(told["training_data"]) >= 2

    for number, image in enumerate(corrected(2)):
        labels = offset_outlines(segment(image.image, model, threads=1).labels, 2)
        write_png(tmp_path / f"mine/images/{number}.png", image.image.pixels)
        write_labels(tmp_path / f"mine/labels/{number}.tif", [labels])
    tune(tmp_path / "mine", tmp_path / "tuned-again", tmp_path / "adapted", threads=1)
    assert load_model(tmp_path / "tuned-again").settings.grow == pytest.approx(model.settings.grow + 2, abs=0.5)
    with pytest.raises(OutputError, match="holds the weights that the tuned model would use"):
        tune(tmp_path / "mine", tmp_path / "adapted", tmp_path / "adapted", threads=1)


def parts(images):
    """Whole images, to be judged by."""
    return [whole(image) for image in images]


@pytest.mark.slow
def test_what_was_held_out_tunes_the_settings(monkeypatch):
    model = load_model("nuclei")
    monkeypatch.setattr(refinement, "load_model", lambda _: model)
    images = corrected(2)
    images = [replace(image, labels=offset_outlines(segment(image.image, model).labels, 2)) for image in images]
    first = TunedSettings.of(model)
    said = []
    refined = refinement.refine(model, Path("x"), first, parts(images), [], said.append)
    assert [line.split()[0] for line in said] == ["tuning", "comparing"]
    grown = refined.settings.grey.grow
    assert abs(grown - 2) <= 0.25  # of nuclei of 22 pixels: all IoU are above 0.95 then, and the DSB score is 1
    assert refined.judged[0].scores_after["dsb"] > 0.95
    assert f"grow: 0 -> {grown:g}" in "\n".join(refined.tuning.lines())

    monkeypatch.setattr(refinement, "judge", lambda _, model, parts: judged_by(model.settings.grow, parts))
    refined = refinement.refine(model, Path("x"), first, parts(images), parts(images))
    assert refined.settings == first and refined.tuning is None
    assert "at home the DSB score would be 0.500, not 0.900" in refined.notes[0]


def judged_by(grow, parts):
    """Scores at home that fall where outlines were moved."""
    after = {"dsb": 0.5 if grow else 0.9, "ap_50": 1.0, "f1_50": 1.0}
    none = np.zeros((1, 1), np.int32)
    return [Judged(part, none, none, {**after, "dsb": 0.9}, after) for part in parts]


def test_one_place_alone_tunes_nothing(monkeypatch):
    model = load_model("nuclei")
    monkeypatch.setattr(refinement, "load_model", lambda _: model)
    (image,) = corrected(1)
    refined = refinement.refine(model, Path("x"), TunedSettings.of(model), parts([image]), [])
    assert refined.tuning is None and refined.settings == TunedSettings.of(model)


@pytest.mark.slow
def test_weights_in_8_bits_are_added_where_the_parent_has_some_and_they_are_as_good(tmp_path, monkeypatch):
    parent = load_model("nuclei")
    images = [replace(image, labels=segment(image.image, parent).labels) for image in corrected(2)]
    shutil.copytree(parent.bundle.path, tmp_path / "mine")
    assert refinement.add_int8(tmp_path / "mine", load_model("cells"), images, NOTHING) == ""  # cells has none
    monkeypatch.setattr(int8_check, "MOST_LOSS", 1.0)
    assert "weights in 8 bits: DSB score" in refinement.add_int8(tmp_path / "mine", parent, images, NOTHING)
    made = load_model(tmp_path / "mine").bundle
    assert made.int8 is not None and made.int8 != parent.bundle.int8
    monkeypatch.setattr(int8_check, "MOST_LOSS", -1.0)
    assert "without weights in 8 bits" in refinement.add_int8(tmp_path / "mine", parent, images, NOTHING)


def test_of_many_images_some_check_the_weights_in_8_bits(monkeypatch):
    seen = {}

    def remember(bundle, shown, checked, name):
        seen.update(shown=shown, checked=checked)

    monkeypatch.setattr(refinement, "add_int8_by_images", remember)
    images = list(range(100))
    assert refinement.add_int8(Path("x"), load_model("nuclei"), images, NOTHING) == ""
    assert seen["shown"] == images and seen["checked"] == images[::3]


@pytest.mark.slow
def test_images_that_go_to_cells_teach_cells():
    auto = load_model("auto")
    nothing = np.zeros((320, 320), np.int32)
    cells = [CorrectedImage(str(seed), Image(phase_contrast_field(seed)), nothing) for seed in range(2)]
    assert choose_parent(auto, cells).name == auto.for_cells.name
    nuclei = choose_parent(auto, [*corrected(3), *cells])
    assert nuclei.name == auto.name and nuclei.for_cells is None


# --- what is said -------------------------------------------------------------------------------------------------


def outcome(**changes):
    same = {"dsb": 0.5, "ap_50": 0.5, "f1_50": 0.5}
    told = {
        "bundle": Path("m"), "report": Path("r"), "images": 5, "objects": 9, "colour": False, "how": "parts",
        "before": same, "after": {**same, "dsb": 0.6}, "home": "sim", "home_before": same, "home_after": same,
        "failed": {}, "notes": [], "stopped": False,
    }  # fmt: skip
    return few_shot.Adaptation(**told | changes)


def test_a_loss_is_a_warning():
    same = {"dsb": 0.5, "ap_50": 0.5, "f1_50": 0.5}
    assert outcome().warnings == []
    assert "not better" in outcome(after=same).warnings[0]
    assert "can't be checked" in outcome(before={}, after={}).warnings[0]
    assert "one image" in outcome(images=1).warnings[0]
    assert "worse at home" in outcome(home_after={**same, "dsb": 0.47}).warnings[0]
    assert outcome(home_after={**same, "dsb": 0.485}).warnings == []


def test_a_gain_that_may_be_chance_is_a_warning():
    assert outcome(gains=[0.1, 0.12, 0.09, 0.11]).warnings == []
    (said,) = outcome(gains=[0.4, -0.1, -0.05, 0.01]).warnings
    assert said.startswith("better in 2 of 4 held-out parts: a gain of 0.065")


def test_scores_are_those_of_the_held_out_part():
    (image,) = corrected(1)
    part = whole(image)
    assert score_part(image.labels, part)["dsb"] == 1
    hidden = replace(part, part=np.zeros_like(part.part))
    assert score_part(np.zeros_like(image.labels), hidden)["dsb"] == score_part(image.labels, hidden)["dsb"]


# --- when it is stopped -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_so_far(tmp_path, monkeypatch):
    parent = load_model("nuclei")
    images = samples_for(parent, corrected(2))[False]
    marked = []

    def interrupted(module, config, run, *_, watchers, **__):
        state = {name: value.clone() for name, value in module.state_dict().items()}
        state["network.head.bias"] += 3
        marked.append(state["network.head.bias"])
        (run / "checkpoints").mkdir()
        torch.save({"state_dict": state}, run / "checkpoints/best.ckpt")
        watchers[0].on_exception(None, None, KeyboardInterrupt())
        raise SystemExit(1)

    monkeypatch.setattr(loop, "fit", interrupted)
    adapted = loop.adapt_network(parent, images, NOTHING, FEW, tmp_path)
    assert adapted.stopped and torch.equal(adapted.module.network.head.bias, marked[0])


@pytest.mark.slow
def test_ctrl_c_before_the_first_check_keeps_nothing(tmp_path, monkeypatch):
    def interrupted(*_, watchers, **__):
        watchers[0].on_exception(SimpleNamespace(callback_metrics={}), None, KeyboardInterrupt())
        raise SystemExit(1)

    monkeypatch.setattr(loop, "fit", interrupted)
    images = samples_for(load_model("nuclei"), corrected(2))[False]
    with pytest.raises(KeyboardInterrupt) as stop:
        loop.adapt_network(load_model("nuclei"), images, NOTHING, FEW, tmp_path)
    assert "nothing to keep" in stop.value.__notes__[0]


@pytest.mark.slow
def test_ctrl_c_just_after_a_check_keeps_what_was_checked(tmp_path):
    saved = []
    watch = loop._Interruption(tmp_path / "best.ckpt")
    trainer = SimpleNamespace(callback_metrics={"val/dsb": 0.5}, save_checkpoint=saved.append)
    watch.on_exception(trainer, None, KeyboardInterrupt())
    assert watch.interrupted and saved == [tmp_path / "best.ckpt"]
    (tmp_path / "best.ckpt").touch()
    watch.on_exception(trainer, None, KeyboardInterrupt())
    watch.on_exception(trainer, None, RuntimeError())
    assert not watch.interrupted and len(saved) == 1
