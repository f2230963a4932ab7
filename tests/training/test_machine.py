"""What a run makes of its machine."""

import ctypes
import sys

import pytest

torch = pytest.importorskip("torch")

from hooke.training import devices  # noqa: E402
from hooke.training.config import RunConfig  # noqa: E402
from hooke.training.devices import device_rank, limit_allocator_trim, resolve_precision  # noqa: E402
from hooke.training.sampling import ResumableSampler  # noqa: E402


def test_a_precision_asked_for_is_kept():
    assert resolve_precision("16-mixed") == "16-mixed"
    assert resolve_precision("32-true") == "32-true"


def test_a_mac_s_gpu_is_not_judged_by_its_processor(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(devices, "faster_precision", lambda: "of the processor")
    assert resolve_precision("auto") == "32-true"
    assert resolve_precision("auto", "cpu") == "of the processor"
    assert resolve_precision("auto", "cpu", timed=False) == "32-true"


@pytest.mark.parametrize(
    ("gpu", "bf16", "accelerator", "precision"),
    [
        (False, False, "auto", "of the processor"),
        (True, True, "auto", "bf16-mixed"),
        (True, False, "auto", "32-true"),
        (True, True, "cpu", "of the processor"),
    ],
)
def test_auto_asks_the_device_that_trains(monkeypatch, gpu, bf16, accelerator, precision):
    monkeypatch.setattr(devices, "faster_precision", lambda: "of the processor")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: bf16)
    assert resolve_precision("auto", accelerator) == precision


def test_the_allocator_of_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not limit_allocator_trim()


def test_a_c_library_without_the_setting_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not limit_allocator_trim()


def test_the_allocator_is_told_what_to_keep(monkeypatch):
    told = {}

    class Library:
        @staticmethod
        def mallopt(name, value):
            told[name] = value
            return 1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library)
    assert limit_allocator_trim()
    assert told == {-4: 0, -1: 2**31 - 1, -2: 2**28}


def test_several_devices_deal_out_the_items_among_them(monkeypatch):
    config = RunConfig(datasets=[], steps=4, batch=3)
    assert device_rank() == (0, 1)
    assert list(ResumableSampler(0, config)) == list(range(12))
    assert list(ResumableSampler(2, config)) == list(range(6, 12))
    dealt = []
    for rank in range(2):
        monkeypatch.setattr("hooke.training.sampling.device_rank", lambda rank=rank: (rank, 2))
        items = list(ResumableSampler(1, config))
        assert len(items) == 9
        assert items[:3] == [6 + 3 * rank, 7 + 3 * rank, 8 + 3 * rank]
        dealt += items
    assert sorted(dealt) == list(range(6, 24))
