"""What a run makes of its machine."""

import ctypes
import sys

import pytest

torch = pytest.importorskip("torch")

from hooke.training.machine import keep_freed_memory, resolve_precision  # noqa: E402


def test_a_precision_asked_for_is_kept():
    assert resolve_precision("16-mixed") == "16-mixed"
    assert resolve_precision("32-true") == "32-true"


@pytest.mark.parametrize(
    ("gpu", "bf16", "accelerator", "precision"),
    [
        (False, False, "auto", "32-true"),
        (True, True, "auto", "bf16-mixed"),
        (True, False, "auto", "32-true"),
        (True, True, "cpu", "32-true"),
    ],
)
def test_auto_is_mixed_only_where_a_gpu_has_it(monkeypatch, gpu, bf16, accelerator, precision):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: bf16)
    assert resolve_precision("auto", accelerator) == precision


def test_the_allocator_of_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()


def test_a_c_library_without_the_setting_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not keep_freed_memory()


def test_the_allocator_is_told_what_to_keep(monkeypatch):
    told = {}

    class Library:
        @staticmethod
        def mallopt(name, value):
            told[name] = value
            return 1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library)
    assert keep_freed_memory()
    assert told == {-4: 0, -1: 2**31 - 1, -2: 2**28}
