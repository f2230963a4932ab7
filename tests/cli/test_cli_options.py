"""Each option of a command is an argument of a public function that the command calls: a notebook can do the same."""

from __future__ import annotations

import inspect

import pytest
import typer
from typer.main import get_command

import hooke
from hooke import classify, corrections, datasets, doctor, evaluation, pipeline, report, tracking, training
from hooke import models as hooke_models
from hooke import serve as hooke_serve
from hooke.cli import (
    adapt,
    compare,
    convert,
    data,
    demo,
    evaluate,
    explain,
    export,
    info,
    measure,
    merge,
    modality,
    models,
    prepare,
    pretrain,
    samples,
    segment,
    serve,
    submit,
    suggest,
    track,
    train,
    tune,
)
from hooke.cli import classify as cli_classify
from hooke.cli import doctor as cli_doctor
from hooke.cli import report as cli_report
from hooke.cli.app import app

COMMANDS = {
    segment.segment: (hooke.segment_folder, pipeline.SegmentOptions),
    measure.measure: (hooke.measure_folder, pipeline.MeasureOptions),
    merge.merge: (pipeline.merge_results,),
    cli_report.report: (pipeline.report_results,),
    track.track: (tracking.track_folder, tracking.TrackOptions, pipeline.SegmentOptions),
    evaluate.evaluate: (hooke.evaluate, hooke.evaluate_points, tracking.evaluate_tracks),
    compare.compare: (evaluation.compare_runs, evaluation.read_runs, report.write_comparison),
    convert.convert: (hooke.convert,),
    submit.submit: (evaluation.write_submission, evaluation.evaluate),
    prepare.prepare: (datasets.prepare_dataset, datasets.PrepareSettings, datasets.ClassRules.parse),
    data.show: (report.show_dataset,),
    samples.samples: (datasets.write_samples, datasets.FieldSettings),
    modality.modality: (classify.sort_by_modality,),
    info.info: (pipeline.describe_installation,),
    cli_classify.classify: (classify.classify_folder, classify.classify_images),
    cli_classify.train: (
        classify.examples_of_dataset,
        classify.examples_of_table,
        corrections.examples_of_corrected,
        classify.learn_features,
    ),
    cli_classify.evaluate: (classify.examples_of_dataset, classify.load_classifier, report.write_classification),
    suggest.suggest: (corrections.suggest,),
    tune.tune: (corrections.tune,),
    demo.demo: (datasets.write_samples, pipeline.SegmentOptions),
    models.list_models: (hooke_models.describe_models,),
    models.show: (hooke_models.model_card,),
    models.add: (hooke_models.add_model,),
    models.verify: (hooke_models.verify_model,),
    serve.serve: (hooke_serve.ServeOptions, hooke_serve.serve),
    cli_doctor.doctor: (doctor.examine, doctor.fix_dataset, doctor.write_report),
}
# The same for commands that need PyTorch, by name: see `hooke.training`.
TRAINING = {
    adapt.adapt: ("adapt",),
    train.train: ("load_config", "train", "overfit", "adapt"),
    pretrain.pretrain: ("load_pretrain_config", "pretrain"),
    export.export: ("export",),
    explain.explain: ("explain_run", "write_explanations"),
}
# How much is printed is the command's own; the click context is none of the options.
PRINTING = {"context", "quiet", "json", "as_json", "list_"}
# Options that functions take under another name.
NAMES = {
    "images": {"inputs"},
    "folders": {"inputs"},
    "labels": {"objects"},
    "out": {"dst", "folder", "path"},
    "model": {"name_or_path"},
    "models": {"name_or_path"},
    "dataset": {"folder"},
    "option": {"options"},
    "split_components": {"options"},  # components=split or components=keep
    "size": {"shape"},
    "modality": {"modalities"},
    "uneven": {"uneven_light"},
    "ignore_class": {"ignore_classes"},
    "distance": {"max_distance"},
    "features": {"table"},
    "fix": {"dst"},
    "config": {"path"},
    "settings": {"overrides"},
    "overfit": {"count"},
    "method": {"methods"},
}
# Options that choose the function, or how it is called.
CHOOSING = {
    (segment.segment, "replay"),  # hooke.pipeline reads the options of the earlier run
    (evaluate.evaluate, "points"),  # evaluate or evaluate_points
    (evaluate.evaluate, "tracks"),  # hooke.tracking.evaluate_tracks
    (train.train, "fast_dev_run"),  # hooke.training.fast_dev_run
    (train.train, "preview"),  # hooke.training.preview
    (pretrain.pretrain, "images"),  # one of the overrides
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.__module__}.{command.__name__}")
def test_what_a_command_does_python_can_do(command):
    assert missing_arguments(command, COMMANDS[command]) == set()


@pytest.mark.parametrize("command", TRAINING, ids=lambda command: command.__name__)
def test_what_a_command_that_needs_pytorch_does_python_can_do(command):
    pytest.importorskip("torch")
    functions = [getattr(training, name) for name in TRAINING[command]]
    assert missing_arguments(command, functions) == set()


def test_every_command_is_checked():
    checked = {command.__name__ for command in (*COMMANDS, *TRAINING)}
    renamed = {"classify": "images", "list_models": "list"}
    assert {renamed.get(name, name) for name in checked} == set(command_names(get_command(app)))


def test_o_is_the_output_everywhere():
    options = [
        option.opts for command in (*COMMANDS, *TRAINING) for option in parameters(command) if "-o" in option.opts
    ]
    assert len(options) >= 20
    assert [names for names in options if "--out" not in names] == []


def parameters(command):
    """Arguments and options of a command as typer describes them."""
    alone = typer.Typer()
    alone.command()(command)
    return get_command(alone).params


def missing_arguments(command, functions):
    """Options of a command that are arguments of none of the functions."""
    arguments = {name for function in functions for name in inspect.signature(function).parameters}
    options = set(inspect.signature(command).parameters) - PRINTING
    missing = {name for name in options if not ({name} | NAMES.get(name, set())) & arguments}
    return missing - {name for chosen, name in CHOOSING if chosen is command}


def command_names(group):
    """Names of all commands, those of groups inside included."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from command_names(command)
        else:
            yield name
