import json
from pathlib import Path

import numpy as np
import pytest
import torch

from train.errors import TrainError
from train.networks import perceptual
from train.networks.perceptual import Vgg19Features, open_perceptual


def weights_file(path: Path) -> Path:
    """A small network in the file's format: a chain of 15 layers with a strided, a depthwise and an add layer."""
    rng, layers, arrays, width = np.random.default_rng(0), [], {}, 3
    for i in range(15):
        if i == 9:
            layers.append({"op": "add", "inp": [8, 7]})
            continue
        stride, groups = (2, 1) if i in (0, 4) else (1, 4 if i == 6 else 1)
        layer = {"op": "conv", "inp": i - 1, "kernel": 3, "stride": stride, "groups": groups, "relu6": i % 2 == 0}
        layers.append(layer)
        arrays[f"{i:02d}.weight"] = rng.normal(0, 0.4, (4, width // groups, 3, 3)).astype(np.float16)
        arrays[f"{i:02d}.bias"] = np.zeros(4, np.float32)
        width = 4
    np.savez(path, layers=np.frombuffer(json.dumps(layers).encode(), np.uint8), **arrays)
    return path


def test_none_is_no_network() -> None:
    assert open_perceptual("none") is None


def test_features_come_from_the_wanted_layers_and_carry_a_gradient(tmp_path: Path) -> None:
    network = open_perceptual(f"mobilenet_v2:{weights_file(tmp_path / 'w.npz')}")
    assert network is not None
    picture = torch.rand(1, 3, 16, 16, requires_grad=True)
    found = network(picture)
    assert [f.shape[-1] for f in found] == [8, 8, 4, 4, 4]
    sum(f.sum() for f in found).backward()  # type: ignore[union-attr]
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    assert not list(network.parameters())  # nothing to train


def test_strides_pad_at_the_far_side_as_tensorflow_does(tmp_path: Path) -> None:
    network = open_perceptual(f"mobilenet_v2:{weights_file(tmp_path / 'w.npz')}")
    assert network is not None
    picture = torch.rand(1, 3, 16, 16)
    scaled = torch.nn.functional.pad(picture * (255 / 128) - 1, (0, 1, 0, 1))
    wanted = torch.nn.functional.conv2d(scaled, network.get_buffer("weight_0"), stride=2).clamp(0, 6)
    assert torch.allclose(network(picture)[perceptual.LAYERS.index(0)], wanted, atol=1e-5)


@pytest.mark.parametrize("spec", ["vgg19", "mobilenet_v2", "mobilenet_v2:", "vgg19:x.npz"])
def test_an_unknown_network_is_refused(spec: str) -> None:
    with pytest.raises(TrainError, match=r"mobilenet_v2:FILE\.npz"):
        open_perceptual(spec)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"nothing\.npz"):
        open_perceptual(f"mobilenet_v2:{tmp_path / 'nothing.npz'}")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no weights")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    np.savez(tmp_path / "deep.npz", layers=np.frombuffer(b"[" * 100_000, np.uint8))
    np.savez(tmp_path / "number.npz", layers=np.frombuffer(b"3", np.uint8))
    for name in ("text.npz", "other.npz", "deep.npz", "number.npz"):
        with pytest.raises(TrainError, match="cannot read"):
            open_perceptual(f"mobilenet_v2:{tmp_path / name}")


def vgg_file(path: Path) -> Path:
    """Small random weights under torchvision's names."""
    torch.manual_seed(0)
    weights, at, width_in = {}, 0, 3
    for width in Vgg19Features.WIDTHS:
        if width:
            weights[f"features.{at}.weight"] = torch.randn(width, width_in, 3, 3) / (9 * width_in) ** 0.5
            weights[f"features.{at}.bias"] = torch.zeros(width)
            width_in = width
        at += 2 if width else 1
    torch.save(weights, path)
    return path


def test_vgg19_gives_the_papers_five_layers_at_their_sizes(tmp_path: Path) -> None:
    network = open_perceptual(f"vgg19:{vgg_file(tmp_path / 'vgg.pth')}")
    assert isinstance(network, Vgg19Features)
    picture = torch.rand(1, 3, 64, 64, requires_grad=True)
    found = network(picture)
    assert [tuple(f.shape[1:]) for f in found] == [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (512, 4, 4)]
    assert all(f.min() >= 0 for f in found) and len(network.layer_weights) == 5
    found[-1].sum().backward()
    assert picture.grad is not None and picture.grad.any()


def test_the_last_vgg19_layer_has_torchvisions_number(tmp_path: Path) -> None:
    assert max(int(name.split(".")[1]) for name in torch.load(vgg_file(tmp_path / "vgg.pth"))) == 28


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(TrainError, match=r"features\.0\.weight"):
        open_perceptual(f"vgg19:{tmp_path / 'other.pth'}")
    with pytest.raises(TrainError, match="cannot get"):
        open_perceptual(f"vgg19:{tmp_path / 'nothing.pth'}")
