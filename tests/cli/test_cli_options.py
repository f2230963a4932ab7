"""Each option of a command is an argument of a public function that the command calls: a notebook can do the same."""

from __future__ import annotations

import inspect

import pytest

import hooke
from hooke import classify, datasets, evaluation, pipeline, report
from hooke.cli import classify as cli_classify
from hooke.cli import compare, data, evaluate, modality, prepare, samples, segment, submit

COMMANDS = {
    segment.segment: (hooke.segment_folder, pipeline.SegmentOptions),
    evaluate.evaluate: (hooke.evaluate, hooke.evaluate_points),
    compare.compare: (evaluation.compare_runs, evaluation.read_runs, report.write_comparison),
    submit.submit: (evaluation.write_submission, evaluation.evaluate),
    prepare.prepare: (datasets.prepare_dataset, datasets.PrepareSettings, datasets.ClassRules.parse),
    data.show: (report.show_dataset,),
    samples.samples: (datasets.write_samples, datasets.FieldSettings),
    modality.modality: (classify.sort_by_modality,),
    cli_classify.classify: (classify.classify_folder, classify.classify_images),
    cli_classify.evaluate: (classify.examples_of_dataset, classify.load_classifier, report.write_classification),
}
# How much is printed is the command's own; the click context is none of the options.
PRINTING = {"context", "quiet", "json", "as_json", "list_"}
# Options that functions take under another name.
NAMES = {
    "images": {"inputs"},
    "labels": {"objects"},
    "out": {"dst", "folder", "path"},
    "model": {"name_or_path"},
    "dataset": {"folder"},
    "option": {"options"},
    "split_components": {"options"},  # components=split or components=keep
    "size": {"shape"},
    "modality": {"modalities"},
    "uneven": {"uneven_light"},
    "ignore_class": {"ignore_classes"},
    "distance": {"max_distance"},
}
# Options that choose the function, or how it is called.
CHOOSING = {
    (segment.segment, "replay"),  # hooke.pipeline reads the options of the earlier run
    (evaluate.evaluate, "points"),  # evaluate or evaluate_points
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.__module__}.{command.__name__}")
def test_what_a_command_does_python_can_do(command):
    arguments = {name for function in COMMANDS[command] for name in inspect.signature(function).parameters}
    options = set(inspect.signature(command).parameters) - PRINTING
    missing = {name for name in options if not ({name} | NAMES.get(name, set())) & arguments}
    missing -= {name for chosen, name in CHOOSING if chosen is command}
    assert missing == set()
