"""Every task is one typed `Task`; none loads another's code, and the room's face loads no PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.builders import need

need("torch", "lightning", "timm", "bioimageio.spec")

from hooke.training.tasks import TASKS, Task, load_config_model, load_task  # noqa: E402


def loaded_by(statement):
    """Modules that a new process has loaded after a statement."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("kind", TASKS)
def test_each_kind_has_a_task_and_a_configuration(kind):
    task = load_task(kind)
    assert isinstance(task, Task)
    assert task.name == kind == load_config_model(kind).model_fields["kind"].default
    assert set(task.plain) <= set(load_config_model(kind).model_fields["augment"].annotation.model_fields)


@pytest.mark.slow  # PyTorch and Lightning are imported in a process of its own
def test_a_classifier_loads_nothing_of_segmentation_but_its_configuration():
    found = {name for name in loaded_by("import hooke.training.classifier.task") if "training.segmentation" in name}
    assert found <= {
        "hooke.training.segmentation",
        "hooke.training.segmentation.config",
        "hooke.training.segmentation.loss_config",
    }


@pytest.mark.slow
def test_configurations_the_face_and_weights_in_8_bits_load_no_torch():
    assert "torch" not in loaded_by(
        "from hooke.training import load_config, train, export, TrainConfig, ClassifierConfig; "
        "from hooke.training.bundles import int8_weights"
    )


def test_every_public_name_is_there():
    import hooke.training

    assert all(getattr(hooke.training, name) is not None for name in hooke.training.__all__)
