"""Pre-training: losses against their formulas, views that show one place, runs that learn, resume and hand over."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")
timm = pytest.importorskip("timm")
pytest.importorskip("lightning")
safetensors = pytest.importorskip("safetensors.torch")

from hooke.datasets import simulate
from hooke.datasets.layout import IndexRow, write_index, write_sample
from hooke.errors import ConfigError, DatasetError
from hooke.training.networks.encoder_weights import load_encoder_weights
from hooke.training.pretraining.config import PretrainConfig, load_pretrain_config
from hooke.training.pretraining.loop import pretrain, save_encoder
from hooke.training.pretraining.methods import BYOL, Inpainting, SimCLR, embedding_spread, hide
from hooke.training.pretraining.views import (
    Pixels,
    Views,
    list_images,
    load_pixels,
    masked_view,
    two_views,
    view_loader,
)

CONFIGS = Path(__file__).parents[2] / "configs"
ENCODER = "mobilenetv3_small_050"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six small images, two of them in colour."""
    path = tmp_path_factory.mktemp("images")
    for seed in range(6):
        field = simulate((80, 90), seed=seed, density=0.3, modality="histology" if seed % 3 == 2 else "fluorescence")
        PIL.Image.fromarray(field.image).save(path / f"field {seed}.png")
    return path


def config_of(folder, method, **changes):
    usual = {
        "name": "short",
        "method": method,
        "images": [str(folder)],
        "encoder": ENCODER,
        "crop": 32,
        "mask_patch": 8,
        "hidden": 16,
        "projection": 8,
        "steps": 4,
        "batch": 4,
        "save_every": 2,
        "precision": "32-true",
        "workers": 0,
        "accelerator": "cpu",
    }
    return PretrainConfig(**(usual | changes))


# --- methods ------------------------------------------------------------------------------------------------------


def test_simclr_loss_is_the_papers(folder):
    config = config_of(folder, "simclr", temperature=0.5)
    torch.manual_seed(0)
    module = SimCLR(config).eval()  # so that a batch's norm does not depend on the other view
    first, second = torch.rand(3, 3, 32, 32), torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        loss, _ = module.pair_loss(first, second)
        z = torch.cat([module.head(module.encoder(one)[-1].mean((2, 3))) for one in (first, second)])
    z = (z / z.norm(dim=1, keepdim=True)).numpy().astype(np.float64)
    # Eq. 1: view i and view j of the same image, against all others but i itself.
    terms = []
    for i in range(6):
        j = (i + 3) % 6
        similar = np.exp(z @ z[i] / 0.5)
        terms.append(-np.log(similar[j] / (similar.sum() - similar[i])))
    assert loss.item() == pytest.approx(np.mean(terms), abs=1e-5)


def test_byol_loss_is_the_papers(folder):
    torch.manual_seed(0)
    module = BYOL(config_of(folder, "byol")).eval()
    first, second = torch.rand(3, 3, 32, 32), torch.rand(3, 3, 32, 32)
    with torch.inference_mode():
        loss, _ = module.pair_loss(first, second)
        encoder, head = module.averaged
        predicted = [module.predictor(module.head(module.encoder(one)[-1].mean((2, 3)))) for one in (first, second)]
        aims = [head(encoder(one)[-1].mean((2, 3))) for one in (first, second)]
    unit = [one / one.norm(dim=1, keepdim=True) for one in (*predicted, *aims)]
    # Eq. 2: squared distance between unit vectors, each view against the other's.
    expected = ((unit[0] - unit[3]) ** 2).sum(1).mean() + ((unit[1] - unit[2]) ** 2).sum(1).mean()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)


def test_byols_averaged_copy_follows_and_gets_no_gradient(folder):
    module = BYOL(config_of(folder, "byol", momentum=0.9))
    loss, _ = module.pair_loss(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32))
    loss.backward()
    assert all(one.grad is None for one in module.averaged.parameters())
    name, weight = next(iter(module.encoder.named_parameters()))
    old = weight.detach().clone()
    with torch.no_grad():
        weight += 1
    module.on_train_batch_start(None, 0)  # at step 0 the momentum is the configuration's
    torch.testing.assert_close(module.averaged[0].get_parameter(name).data, 0.9 * old + 0.1 * (old + 1))


def test_inpainting_looks_at_hidden_pixels_only(folder):
    torch.manual_seed(0)
    module = Inpainting(config_of(folder, "inpainting")).eval()
    image, hidden = torch.rand(2, 3, 32, 32), torch.zeros(2, 1, 32, 32)
    hidden[..., :8, 8:16] = 1
    with torch.inference_mode():
        before, _ = module.pair_loss(image, hidden)
        painted = module.paint_in(module.encoder(hide(image, hidden)))
        error = (painted - image)[..., :8, 8:16].abs()
    assert painted.shape == image.shape
    expected = torch.where(error < 0.1, error**2 / 0.2, error - 0.05).mean()
    assert before.item() == pytest.approx(expected.item(), abs=1e-6)


def test_hidden_pixels_cannot_be_seen():
    image, hidden = torch.rand(1, 3, 8, 8), torch.zeros(1, 1, 8, 8)
    hidden[..., :4, :] = 1
    covered = hide(image, hidden)
    torch.testing.assert_close(covered[..., 4:, :], image[..., 4:, :])
    torch.testing.assert_close(covered[..., :4, :], image[..., 4:, :].mean((2, 3), keepdim=True).expand(1, 3, 4, 8))


def test_spread_tells_collapse():
    generator = torch.Generator().manual_seed(0)
    assert embedding_spread(torch.ones(32, 64)).item() == pytest.approx(0, abs=1e-6)
    assert embedding_spread(torch.randn(256, 64, generator=generator)).item() == pytest.approx(1, abs=0.05)


# --- views --------------------------------------------------------------------------------------------------------


def test_two_views_show_one_place(folder):
    # Each pixel holds its own place, so a view says where it was taken.
    y, x = np.mgrid[:400, :500].astype(np.float16) / 500
    pixels = Pixels(np.stack([x, y, y], axis=2), colour=True)
    config = config_of(folder, "simclr", photometric=0.0, shift=0.2)
    for seed in range(10):
        first, second = two_views(pixels, config, np.random.default_rng(seed))
        assert first.shape == second.shape == (3, 32, 32)
        apart = (first.mean((1, 2)) - second.mean((1, 2)))[:2].abs().max().item() * 500
        assert 0 < apart < 2 * 0.2 * 32 / config.zoom[0] + 16


def test_masks_hide_the_share_asked_for_in_whole_squares(folder):
    config = config_of(folder, "inpainting", mask_share=0.25)
    image, hidden = masked_view(load_pixels(next(folder.iterdir())), config, np.random.default_rng(0))
    assert image.shape == (3, 32, 32)
    assert hidden.mean().item() == 0.25
    squares = hidden[0].reshape(4, 8, 4, 8).mean((1, 3))
    assert set(squares.unique().tolist()) == {0.0, 1.0}


def test_a_run_that_goes_on_sees_what_it_would_have_seen(folder):
    config = config_of(folder, "simclr")
    paths = list_images(config)
    whole, rest = list(Views(paths, config)), list(Views(paths, config, start=3))
    assert len(whole) == 16
    assert len(rest) == 4
    for one, two in zip(whole[12:], rest, strict=True):
        assert one[0].equal(two[0])
        assert one[1].equal(two[1])


def test_of_a_dataset_only_its_splits_are_seen(tmp_path):
    rows = []
    for number, split in enumerate(("train", "val", "train", "test")):
        write_sample(tmp_path, f"n{number}", np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.int32))
        rows.append(IndexRow(f"n{number}", split, "fluorescence", f"f{number}", 40, 40, 0))
    write_index(tmp_path, rows)
    banned = tmp_path / "banned.txt"
    banned.write_text("n2 # a leak\n")
    assert [one.stem for one in list_images(config_of(tmp_path, "byol"))] == ["n0", "n2"]
    assert [one.stem for one in list_images(config_of(tmp_path, "byol", exclude=banned))] == ["n0"]
    with pytest.raises(DatasetError, match="no image to train on"):
        list_images(config_of(tmp_path, "byol", splits=["extra"]))
    with pytest.raises(DatasetError, match=r"none\.txt"):
        list_images(config_of(tmp_path, "byol", exclude=tmp_path / "none.txt"))


def test_an_image_that_cannot_be_read_is_passed_over(tmp_path, folder):
    good = next(folder.iterdir())
    (tmp_path / "good.png").write_bytes(good.read_bytes())
    (tmp_path / "bad.png").write_bytes(b"no image")
    config = config_of(tmp_path, "simclr")
    with pytest.warns(UserWarning, match=r"skipped: .*bad\.png"):
        assert len(list(Views(list_images(config), config))) == 16
    (tmp_path / "good.png").unlink()
    with pytest.raises(DatasetError, match="20 images in a row"), pytest.warns(UserWarning):
        next(iter(Views(list_images(config), config)))


# --- runs ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_inpainting_learns(folder):
    config = config_of(folder, "inpainting", photometric=0.5)
    images, hidden = (torch.stack(one) for one in zip(*Views(list_images(config), config), strict=True))
    torch.manual_seed(0)
    module = Inpainting(config)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss, _ = module.pair_loss(images, hidden)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["simclr", "byol", "inpainting"])
def test_a_run_hands_over_its_encoder(tmp_path, folder, method):
    done = pretrain(config_of(folder, method), tmp_path)
    assert np.isfinite([done.loss, done.spread]).all()
    for name in ("config.yaml", "data.json", "versions.json", "metrics.csv", "curves.svg", "checkpoints/last.ckpt"):
        assert (tmp_path / name).is_file()
    state = safetensors.load_file(done.encoder)
    whole = timm.create_model(ENCODER, pretrained=False).state_dict()
    assert set(state) <= set(whole)
    fresh = timm.create_model(ENCODER, features_only=True, pretrained=False)
    load_encoder_weights(fresh, ENCODER, str(done.encoder))
    key = next(key for key, value in fresh.state_dict().items() if value.ndim == 4)
    (name,) = [name for name in state if name.replace(".", "_") == key.replace(".", "_")]
    torch.testing.assert_close(fresh.state_dict()[key], state[name])


@pytest.mark.slow
def test_an_encoder_may_start_from_another(tmp_path, folder):
    source = timm.create_model(ENCODER, features_only=True, pretrained=False)
    save_encoder(source, ENCODER, tmp_path / "source.safetensors")
    module = SimCLR(config_of(folder, "simclr", encoder_weights=str(tmp_path / "source.safetensors")))
    for one, two in zip(module.encoder.parameters(), source.parameters(), strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.slow
def test_a_run_that_was_cut_short_goes_on_as_if_nothing_had_happened(tmp_path, folder, monkeypatch):
    config = config_of(folder, "byol")
    whole = pretrain(config, tmp_path / "whole")

    def cut_short(*args):
        for number, batch in enumerate(view_loader(*args)):
            if number == 3:
                raise InterruptedError
            yield batch

    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr("hooke.training.pretraining.loop.view_loader", cut_short)
        pretrain(config, tmp_path / "parts")
    with pytest.raises(ConfigError, match="holds a run already"):
        pretrain(config, tmp_path / "parts")
    parts = pretrain(config, tmp_path / "parts", resume=True)  # from step 2, the last that was saved
    first, second = (safetensors.load_file(one.encoder) for one in (whole, parts))
    assert all(first[name].equal(second[name]) for name in first)
    tables = [pd.read_csv(tmp_path / one / "metrics.csv") for one in ("whole", "parts")]
    pd.testing.assert_frame_equal(tables[0][["step", "train/loss"]], tables[1][["step", "train/loss"]])
    assert tables[0]["step"].tolist() == [1, 3]


def test_there_must_be_a_run_to_resume(tmp_path, folder):
    with pytest.raises(ConfigError, match="no run to resume"):
        pretrain(config_of(folder, "byol"), tmp_path / "none", resume=True)


# --- configurations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["simclr", "byol", "inpainting"])
def test_the_configurations_that_come_with_hooke_are_valid(method):
    assert load_pretrain_config(CONFIGS / f"pretrain-{method}.yaml").method == method


def test_an_unknown_key_is_refused_with_the_nearest(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("method: byol\nimages: [a]\ntemperture: 0.1\n")
    with pytest.raises(ConfigError, match="unknown key 'temperture', did you mean 'temperature'"):
        load_pretrain_config(path)
    path.write_text("method: byol\nimages: [a]\n")
    with pytest.raises(ConfigError, match="mask_patch 7 does not divide crop 128"):
        load_pretrain_config(path, {"mask_patch": 7})
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: can't be read"):
        load_pretrain_config(tmp_path / "nowhere.yaml")
