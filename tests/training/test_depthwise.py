"""Depthwise convolutions whose gradients are computed in single precision."""

import copy

import pytest

torch = pytest.importorskip("torch")

from timm.layers.conv2d_same import Conv2dSame  # noqa: E402
from torch import nn  # noqa: E402

from hooke.training.networks.depthwise import depthwise_gradients_in_single  # noqa: E402


def _network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        nn.ReLU(),
        Conv2dSame(8, 8, 5, stride=2, groups=8, bias=False),
        nn.Conv2d(8, 4, 1),
    ).to(memory_format=torch.channels_last)


def _gradients(network, image, *, mixed):
    network.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
        out = network(image)
    out.float().square().mean().backward()
    return [parameter.grad.clone() for parameter in network.parameters()]


@pytest.mark.parametrize("size", [16, 17])
def test_gradients_are_those_of_single_precision(size):
    network = _network()
    image = torch.rand(2, 3, size, size)
    exact = _gradients(network, image, mixed=False)
    with depthwise_gradients_in_single(network):
        assert all(torch.equal(a, b) for a, b in zip(exact, _gradients(network, image, mixed=False), strict=True))
        mixed = _gradients(network, image, mixed=True)
    for ours, true in zip(mixed, exact, strict=True):
        assert ours.dtype == torch.float32
        assert (ours - true).abs().max() < 0.05 * true.abs().max()


def test_layers_are_as_before_afterwards_even_after_an_error():
    network = _network()
    kinds = [type(layer) for layer in network]
    names = list(network.state_dict())
    with pytest.raises(RuntimeError, match="stop"), depthwise_gradients_in_single(network):
        assert [type(layer) is kind for layer, kind in zip(network, kinds, strict=True)] == [
            True,
            False,
            True,
            False,
            True,
        ]
        assert list(network.state_dict()) == names
        raise RuntimeError("stop")
    assert [type(layer) for layer in network] == kinds


def test_a_copy_made_inside_computes_with_its_own_weights():
    network = _network()
    image = torch.rand(1, 3, 16, 16)
    with depthwise_gradients_in_single(network), torch.autocast("cpu", dtype=torch.bfloat16):
        averaged = copy.deepcopy(network)
        with torch.no_grad():
            for parameter in averaged.parameters():
                parameter.zero_()
        assert averaged(image).abs().max() == 0
        assert network(image).abs().max() > 0
