from pathlib import Path

import numpy as np
import pytest
import torch

from live.puppet.drawing.face_map import CHANNELS, SIDE
from live.render.face import SPEC
from train.bundle.onnx_file import to_onnx
from train.networks.face_discriminator import FaceDiscriminator
from train.networks.face_network import DeployedFace, FaceGenerator
from train.networks.networks import ClampStraightThrough, count_flops, count_parameters


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def inputs(count: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    return noise(count, SIDE, SIDE, CHANNELS), noise(count, SIDE, SIDE, 4, seed=1)


def trained() -> FaceGenerator:
    network = FaceGenerator().eval()
    with torch.no_grad():
        for weights in network.parameters():
            if not weights.any():
                weights.normal_(0, 0.05, generator=torch.Generator().manual_seed(0))
    return network


def test_a_new_network_gives_the_crop_to_the_bit() -> None:
    face_map, crop = inputs()
    network = FaceGenerator()
    for mode in (network.train(), network.eval()):
        with torch.no_grad():
            assert torch.equal(DeployedFace(mode)(face_map, crop), crop[..., :3])


def test_it_is_small_enough_for_a_frame() -> None:
    network = FaceGenerator().eval()
    flops = count_flops(network, *(x.float() for x in inputs()))
    assert 0.3e9 < flops < 0.6e9 and count_parameters(network) < 0.8e6


def test_the_gradient_reaches_every_weight_once_the_last_layer_has_moved() -> None:
    network, (face_map, crop) = FaceGenerator(), inputs(2)
    wanted = noise(2, SIDE, SIDE, 3, seed=2).float() / 255
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        loss = (ClampStraightThrough.apply(network(face_map.float(), crop.float())) - wanted).abs().mean()
        loss.backward()
        optimizer.step()
    silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_what_lies_outside_the_matte_is_never_seen() -> None:
    face_map, crop = (x.float() for x in inputs())
    crop[..., 3] = 0
    other = crop.clone()
    other[..., :3] = 255 - other[..., :3]
    network = trained()
    with torch.no_grad():
        residuals = [network(face_map, given) - given[..., :3] / 255 for given in (crop, other)]
    assert torch.allclose(residuals[0], residuals[1], atol=1e-6) and residuals[0].abs().max() > 0.01


def test_the_map_counts() -> None:
    network, (face_map, crop) = trained(), inputs()
    with torch.no_grad():
        a, b = (network(given.float(), crop.float()) for given in (face_map, torch.zeros_like(face_map)))
    assert (a - b).abs().max() > 0.01


def test_the_onnx_file_keeps_tensorrts_rules(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    (tmp_path / "face.onnx").write_bytes(to_onnx(DeployedFace(trained()), SPEC))
    model = onnx.load(tmp_path / "face.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18)]
    takers = {(name, node.op_type) for node in model.graph.node for name in node.input if name in ("face_map", "crop")}
    assert takers == {("face_map", "Cast"), ("crop", "Cast")}
    (last,) = [node for node in model.graph.node if "face" in node.output]
    assert last.op_type == "Cast"
    shapes = [[d.dim_value for d in port.type.tensor_type.shape.dim] for port in model.graph.input]
    assert shapes == [list(tensor.shape) for tensor in SPEC.inputs]
    assert (tmp_path / "face.onnx").stat().st_size < 4e6


def test_the_discriminator_judges_patches_of_a_pair_on_its_map() -> None:
    judge = FaceDiscriminator().eval()  # spectral norm's estimate stands still
    maps, faces = torch.rand(2, 2 * CHANNELS, SIDE, SIDE), torch.rand(2, 6, SIDE, SIDE)
    with torch.no_grad():
        found = judge(maps, faces)
        assert [tuple(f.shape[2:]) for f in found] == [(64, 64), (32, 32), (16, 16), (16, 16), (16, 16)]
        assert found[-1].shape[1] == 1
        assert not torch.equal(judge(1 - maps, faces)[-1], found[-1])
        swapped = torch.cat([faces[:, 3:], faces[:, :3]], 1)
        assert not torch.equal(judge(maps, swapped)[-1], found[-1])
    assert np.isfinite(found[-1].numpy()).all()
