"""The classifier without a network: it distinguishes round from long and dim from bright cells, and survives being
saved."""

from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

import hooke
from hooke.classify import (
    classify_folder,
    classify_image,
    evaluate_classifier,
    examples_of_table,
    learn_features,
    load_classifier,
)
from hooke.classify.forest import train_forest
from hooke.classify.learn import Examples
from hooke.cli import main
from hooke.errors import ConfigError, DatasetError, ImageReadError, ModelError, OutputError
from hooke.image import Image
from hooke.io import read_labels, write_labels, write_png
from hooke.io.lock import only_run
from hooke.models import load_model
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.pipeline.record import read_replay


def field(seed):
    """Round and long cells: pixels, labels, and the class of each."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((160, 200), np.int32)
    classes = {}
    for id_ in range(1, 13):
        y, x = 25 + 50 * ((id_ - 1) // 4) + rng.integers(-4, 5), 28 + 48 * ((id_ - 1) % 4) + rng.integers(-4, 5)
        long = bool(rng.integers(2))
        axes = (16, 6) if long else (10, 10)
        cv2.ellipse(labels, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, id_, -1)
        classes[id_] = "long" if long else "round"
    pixels = rng.normal(30, 4, labels.shape) + (labels > 0) * rng.normal(120, 10, labels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8), labels, classes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four images with labels and a csv of classes; a classifier trained on the first three."""
    root = tmp_path_factory.mktemp("cells")
    rows = []
    for number in range(4):
        pixels, labels, classes = field(number)
        write_png(root / "images" / f"i{number}.png", np.repeat(pixels[..., None], 3, axis=2))
        write_labels(root / "results" / "labels" / f"i{number}.tif", [labels])
        rows += [(f"i{number}", id_, name) for id_, name in classes.items()]
    table = pd.DataFrame(rows, columns=["image", "label", "class"])
    table.to_csv(root / "all.csv", index=False)
    table[table["image"] == "i3"].to_csv(root / "last.csv", index=False)
    table[table["image"] != "i3"].to_csv(root / "some.csv", index=False)
    examples = examples_of_table(root / "some.csv", [root / "images"], root / "results")
    learnt = learn_features(examples, name="shapes")
    assert learnt.accuracy > 0.9
    learnt.classifier.save(root / "shapes")
    return root


def test_cells_of_an_image_that_was_not_seen(folder):
    pixels, labels, classes = field(3)
    found = classify_image(Image(pixels), labels, load_classifier(folder / "shapes"))
    right = [name == classes[id_] for id_, name in zip(found.objects.ids, found.names, strict=True)]
    assert np.mean(right) >= 11 / 12
    np.testing.assert_allclose(found.classes.probabilities.sum(axis=1), 1, rtol=1e-5)


def test_doubtful_cells_are_unknown_above_a_threshold(folder):
    pixels, labels, _ = field(3)
    classifier = load_classifier(folder / "shapes")
    sure = classify_image(Image(pixels), labels, classifier).classes.probability
    middle = float(np.median(sure))
    found = classify_image(Image(pixels), labels, classifier, threshold=middle)
    assert [name == "unknown" for name in found.names] == (sure < middle).tolist()
    assert "unknown" in found.names


def test_the_command_writes_tables_and_pictures(folder, tmp_path):
    with pytest.raises(SystemExit) as left:
        main(
            [
                *("classify", str(folder / "images"), "--labels", str(folder / "results")),
                *("--model", str(folder / "shapes"), "-o", str(tmp_path / "out")),
            ]
        )
    assert left.value.code == 0
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    assert len(table) == 48
    assert {"area", "class", "class_probability", "probability_long"} <= {*table.columns}
    truth = pd.read_csv(folder / "all.csv").rename(columns={"class": "truth"})
    both = table.merge(truth, on=["image", "label"])
    assert (both["class"] == both["truth"]).mean() > 0.9
    counts = pd.read_csv(tmp_path / "out" / "counts.csv")
    assert counts[["long", "round", "unknown"]].to_numpy().sum() == 48
    assert (tmp_path / "out" / "overlays" / "i2.png").is_file()
    np.testing.assert_array_equal(read_labels(tmp_path / "out" / "labels" / "i2.tif"), field(2)[1])


@pytest.mark.slow
def test_segmenting_and_classifying_in_one_writes_the_same(folder, tmp_path):
    options = SegmentOptions(classify=load_classifier(folder / "shapes"), threads=1, diameter=20)
    images = [folder / "images" / "i0.png", folder / "images" / "i1.png"]
    segment_folder(images, tmp_path / "one", options)
    classify_folder(images, tmp_path / "one", folder / "shapes", tmp_path / "two")
    columns = ["image", "label", "class", "class_probability", "probability_long", "probability_round"]
    one, two = (pd.read_csv(tmp_path / name / "measurements.csv") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one[columns], two[columns], rtol=1e-5)
    assert not one["doubtful"].any()
    for name in ("counts.csv", "overlays/i0.png", "overlays/i1.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    again = segment_folder(images, tmp_path / "one", options)  # counts are known of what was done before
    assert [image.reused for image in again.images] == [True, True]
    assert (tmp_path / "one" / "counts.csv").read_bytes() == (tmp_path / "two" / "counts.csv").read_bytes()
    assert "classes" not in pd.read_csv(tmp_path / "one" / "summary.csv")


def test_a_segmentation_takes_a_loaded_classifier(folder, tmp_path):
    classifier = load_classifier(folder / "shapes")
    found = hooke.segment(folder / "images" / "i0.png", diameter=20, classify=classifier, class_threshold=0.99)
    assert set(found.table["class"]) == {"long", "round", "unknown"}
    with pytest.raises(ConfigError, match=r"load_classifier\('shapes'\)"):
        hooke.segment(folder / "images" / "i0.png", classify="shapes")
    with pytest.raises(ConfigError, match="knows no classes"):
        hooke.segment(folder / "images" / "i0.png", class_threshold=0.5)


def test_a_run_with_a_classifier_is_repeated_with_it(folder, tmp_path):
    options = SegmentOptions(classify=load_classifier(folder / "shapes"), threads=1, diameter=20)
    segment_folder([folder / "images" / "i0.png"], tmp_path / "out", options)
    assert "classify=" in pd.read_csv(tmp_path / "out" / "summary.csv")["options"][0]
    record = tmp_path / "out" / "run.json"
    # The runtime that `auto` chose is kept: a repetition on another processor takes the same one.
    chosen = load_model(options.model).runtime.name
    assert read_replay(record, load_classifier).options == replace(options, runtime=chosen)
    with pytest.raises(ConfigError, match="load_classifier"):
        read_replay(record)
    record.write_text(record.read_text().replace(options.classify.checksum, "0" * 64))
    with pytest.raises(ModelError, match=r"classifier .*shapes.* is not the one"):
        read_replay(record, load_classifier)


def test_measurements_of_the_segmentation_are_kept(folder, tmp_path):
    results = tmp_path / "results"
    _, labels, _ = field(0)
    write_labels(results / "labels" / "i0.tif", [labels])
    own = pd.DataFrame({"image": "i0", "label": np.arange(1, 13), "score": 0.7, "class": "old"})
    own.to_csv(results / "measurements.csv", index=False)
    classify_folder([folder / "images" / "i0.png"], results, folder / "shapes", tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    assert (table["score"] == 0.7).all()
    assert not (table["class"] == "old").any()


def test_no_objects_give_an_empty_table_with_its_columns(folder, tmp_path):
    write_labels(tmp_path / "labels" / "i0.tif", [np.zeros((160, 200), np.int32)])
    done = classify_folder([folder / "images" / "i0.png"], tmp_path, folder / "shapes", tmp_path / "out")
    assert done.failed == 0
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    assert len(table) == 0
    assert {"image", "label", "area", "class", "class_probability", "probability_round"} <= {*table.columns}


def test_one_bad_image_does_not_cost_the_others(folder, tmp_path):
    write_labels(tmp_path / "i0.tif", [field(0)[1]])
    write_labels(tmp_path / "i1.tif", [np.ones((20, 20), np.int32)])
    done = classify_folder(
        [folder / "images" / "i0.png", folder / "images" / "i1.png"], tmp_path, folder / "shapes", tmp_path / "out"
    )
    assert done.failed == 1
    assert "labels of (20, 20) pixels" in done.summary["error"].iloc[1]


def test_labels_and_image_of_different_size_end_with_status_2(folder, tmp_path):
    write_labels(tmp_path / "labels" / "i0.tif", [np.ones((20, 20), np.int32)])
    images, model = str(folder / "images" / "i0.png"), str(folder / "shapes")
    with pytest.raises(SystemExit) as left:
        main(["classify", images, "--labels", str(tmp_path), "--model", model, "-o", str(tmp_path / "out")])
    assert left.value.code == 2
    assert "class_probability" in pd.read_csv(tmp_path / "out" / "measurements.csv")


def test_no_objects_end_with_status_0(folder, tmp_path):
    (tmp_path / "labels").mkdir()
    write_labels(tmp_path / "labels" / "i0.tif", [np.zeros((160, 200), np.int32)])
    images, model = str(folder / "images" / "i0.png"), str(folder / "shapes")
    with pytest.raises(SystemExit) as left:
        main(["classify", images, "--labels", str(tmp_path), "--model", model, "-o", str(tmp_path / "out")])
    assert left.value.code == 0
    assert pd.read_csv(tmp_path / "out" / "counts.csv").to_dict("records") == [
        {"image": "i0", "long": 0, "round": 0, "unknown": 0, "folder": str(folder / "images"), "suffix": ".png"}
    ]


def test_points_need_a_classifier_that_can_do_without_outlines(folder):
    with pytest.raises(ConfigError, match="points have none"):
        classify_image(Image(field(0)[0]), np.array([[3.0, 4.0]]), load_classifier(folder / "shapes"))


def test_an_image_of_several_stains_asks_for_a_channel(folder):
    pixels, labels, _ = field(0)
    stains = Image(np.stack([pixels, pixels // 2], axis=2))
    with pytest.raises(ImageReadError, match="--channel"):
        classify_image(stains, labels, load_classifier(folder / "shapes"))
    assert len(classify_image(stains, labels, load_classifier(folder / "shapes"), channel=0).names) == 12


def test_a_damaged_classifier_is_refused(folder, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "classifier.yaml").write_text((folder / "shapes" / "classifier.yaml").read_text())
    (broken / "forest.json").write_text('{"not": "a forest"}')
    with pytest.raises(ModelError):
        load_classifier(broken)


def test_nothing_but_a_classifier_is_replaced(folder, tmp_path):
    (tmp_path / "keep").write_text("mine")
    with pytest.raises(OutputError, match="not a classifier"):
        load_classifier(folder / "shapes").save(tmp_path)


def test_tables_that_name_what_is_not_there_are_refused(folder, tmp_path):
    table = tmp_path / "labelled.csv"
    table.write_text("image,label,class\ni0,99,round\n")
    with pytest.raises(DatasetError, match="no object 99"):
        list(examples_of_table(table, [folder / "images"], folder / "results"))
    table.write_text("image,label,class\nelsewhere,1,round\n")
    with pytest.raises(DatasetError, match="'elsewhere'"):
        list(examples_of_table(table, [folder / "images"], folder / "results"))


def test_one_class_is_none():
    with pytest.raises(ConfigError, match="1 class"):
        train_forest(pd.DataFrame({"a": [1.0, 2.0]}), ["x", "x"])


def test_evaluation_counts_only_classes_that_are_known(folder):
    classifier = load_classifier(folder / "shapes")
    examples = list(examples_of_table(folder / "last.csv", [folder / "images"], folder / "results"))
    strange = [replace(one, classes={**one.classes, 1: "square"}) for one in examples]
    with pytest.warns(UserWarning, match="does not know: 1 square"):
        scores = evaluate_classifier(classifier, strange)
    assert scores.confusion.to_numpy().sum() == 11
    assert scores.scores["accuracy"] > 0.8
    with pytest.raises(DatasetError, match="no object has one of"):
        evaluate_classifier(classifier, [replace(one, classes={1: "square"}) for one in examples])


def test_objects_of_a_binary_mask_are_taken_apart_and_it_is_said(folder, tmp_path):
    _, labels, classes = field(3)
    write_png(tmp_path / "masks" / "i3.png", ((labels > 0) * 255).astype(np.uint8))
    done = classify_folder([folder / "images" / "i3.png"], tmp_path / "masks", folder / "shapes", tmp_path / "out")
    assert done.summary["count"].tolist() == [len(classes)]
    assert "12 objects made of binary masks" in done.summary["warning"][0]


def coloured(seed, channels=3):
    """Cells of two classes that differ in one channel, and not in another that shows the nuclei."""
    pixels, labels, _ = field(seed)
    classes = {id_: "marked" if (id_ + seed) % 2 else "plain" for id_ in range(1, 13)}
    image = np.zeros((*labels.shape, channels), np.uint8)
    image[..., channels - 1] = np.where(labels > 0, 180, 20) + pixels % 16
    marked = np.isin(labels, [id_ for id_, name in classes.items() if name == "marked"])
    image[..., 0] = np.where(marked, 40, 8) + pixels % 8
    return image, labels, classes


def as_image(pixels, name):
    if pixels.shape[2] == 3:
        return Image(pixels, name=name, is_rgb=True)
    names = tuple(f"CD{number}" for number in range(pixels.shape[2] - 1))
    return Image(pixels, name=name, channel_names=(*names, "DAPI"))


@pytest.mark.slow
@pytest.mark.parametrize(("channels", "seen"), [(3, {"colours", "stored"}), (2, {"channels"}), (4, {"channels"})])
def test_colours_are_measured_where_they_decide(channels, seen):
    examples = []
    for seed in range(3):
        pixels, labels, classes = coloured(seed, channels)
        examples.append(Examples(as_image(pixels, f"i{seed}"), labels, classes))
    learnt = learn_features(examples)
    assert learnt.classifier.intensity in seen
    assert learnt.tried["nuclei"] < 0.75 < 0.95 < learnt.tried[learnt.classifier.intensity]
    assert learnt.balanced_accuracy > 0.95
    alone = learn_features(examples, intensity="nuclei")
    assert (alone.classifier.intensity, list(alone.tried)) == ("nuclei", ["nuclei"])
    one = learn_features(examples[:1])
    assert one.classifier.intensity in seen
    assert np.isnan(one.accuracy)
    pixels, labels, classes = coloured(7, channels)
    found = classify_image(as_image(pixels, "i7"), labels, learnt.classifier)
    assert [classes[id_] for id_ in found.objects.ids] == found.names


@pytest.mark.slow
def test_a_way_of_seeing_that_does_not_serve_all_images_is_named():
    examples = []
    for seed in range(4):
        pixels, labels, classes = coloured(seed)
        shown = 255 - pixels if seed == 2 else pixels  # as a stain on white, which is seen in colour
        examples.append(Examples(as_image(shown, f"i{seed}"), labels, classes))
    learnt = learn_features(examples)
    assert learnt.unlike == {"nuclei": "i2"}
    assert set(learnt.tried) == {"colours", "stored"}
    with pytest.raises(DatasetError, match="i2: has other channels, or is seen in others"):
        learn_features(examples, intensity="nuclei")


def test_the_nuclear_channel_alone_is_kept_where_colours_add_nothing(folder, capsys):
    command = ["classify", "train", "--features", str(folder / "some.csv"), "--images", str(folder / "images")]
    with pytest.raises(SystemExit) as left:
        main([*command, "--labels", str(folder / "results"), "-o", str(folder / "again")])
    assert left.value.code == 0
    assert load_classifier(folder / "again").intensity == "nuclei"
    assert "intensities in the nuclear channel alone" in capsys.readouterr().out


def test_few_cells_and_an_unknown_accuracy_are_said(folder, tmp_path, capsys):
    one_each = pd.read_csv(folder / "last.csv").drop_duplicates("class")
    one_each.to_csv(tmp_path / "cells.csv", index=False)
    command = ["classify", "train", "--features", str(tmp_path / "cells.csv"), "--images", str(folder / "images")]
    with pytest.raises(SystemExit) as left:
        main([*command, "--labels", str(folder / "results"), "-o", str(tmp_path / "model")])
    assert left.value.code == 0
    said = capsys.readouterr().err
    assert "learnt from 1 long, 1 round only: label 20 cells of each class" in said
    assert "accuracy is not known" in said


@pytest.mark.slow
def test_a_class_typed_in_two_ways_is_named(folder, tmp_path, capsys):
    text = (folder / "some.csv").read_text()
    (tmp_path / "cells.csv").write_text(text.replace("round", "Round", 3))
    command = ["classify", "train", "--features", str(tmp_path / "cells.csv"), "--images", str(folder / "images")]
    with pytest.raises(SystemExit) as left:
        main([*command, "--labels", str(folder / "results"), "-o", str(tmp_path / "model")])
    assert left.value.code == 0
    assert "'Round' and 'round' are different classes here" in capsys.readouterr().err


def test_a_folder_may_be_named_as_a_command_is(folder, tmp_path, monkeypatch):
    for name in ("images", "train", "evaluate"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "i0.png").write_bytes((folder / "images" / "i0.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    options = ["--labels", str(folder / "results"), "--model", str(folder / "shapes"), "-q"]
    for number, line in enumerate((["images"], ["images", "images"], ["train"], ["evaluate"], ["./images"])):
        with pytest.raises(SystemExit) as left:
            main(["classify", *line, *options, "-o", f"out{number}"])
        assert left.value.code == 0
        assert len(pd.read_csv(f"out{number}/summary.csv")) == 1


def test_a_command_that_lacks_something_says_so_beside_a_folder_of_its_name(tmp_path, monkeypatch, capsys):
    (tmp_path / "train").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["classify", "train", "-o", "out"])
    assert "--features" in capsys.readouterr().err


def test_a_folder_that_another_run_writes_to_is_refused(folder, tmp_path):
    with only_run(tmp_path / "out"), pytest.raises(OutputError, match="another run writes"):
        classify_folder([folder / "images"], folder / "results", folder / "shapes", tmp_path / "out")
