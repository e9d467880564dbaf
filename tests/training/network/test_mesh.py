"""What a mesh says by itself."""

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.training.network import mesh  # noqa: E402
from facedrive.training.network.mesh import READ, Geometry, Meshes, Reader  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def meshes() -> Meshes:
    """Meshes of which two points move, each with a score of its own; the second often unknown."""
    torch.manual_seed(0)
    mean, moved = torch.rand(1, 478, 2), 0.1 * torch.randn(1500, 2)
    points = mean.repeat(1500, 1, 1) + 0.002 * torch.randn(1500, 478, 2)
    points[:, READ[3], 1] += moved[:, 0]
    points[:, READ[70], 0] += moved[:, 1]
    scores = moved * 3
    scores[::3, 1] = torch.nan
    return Meshes(points, scores)


@pytest.fixture(scope="module")
def geometry(meshes: Meshes) -> Geometry:
    fitted = Geometry(478)
    fitted.fit(meshes.points)
    return fitted


@pytest.fixture(scope="module")
def reader(meshes: Meshes, geometry: Geometry) -> Reader:
    return taught_by(meshes, geometry)


def taught_by(meshes: Meshes, geometry: Geometry) -> Reader:
    torch.manual_seed(1)
    reader = Reader(2)
    mesh.teach(reader, geometry, meshes, seed=0)
    return reader


def test_deviations_forget_where_a_head_is_how_large_and_how_tilted(
    meshes: Meshes, geometry: Geometry
) -> None:
    tilt = torch.tensor([[0.9, 0.3], [-0.3, 0.9]])
    elsewhere = 2.5 * meshes.points[:8] @ tilt + 0.7
    assert torch.allclose(geometry(elsewhere), geometry(meshes.points[:8]), atol=2e-3)


def test_a_reader_says_of_a_mesh_what_its_teacher_says(
    reader: Reader, meshes: Meshes, geometry: Geometry
) -> None:
    said = reader(geometry(meshes.points))
    missed = (said - meshes.scores).square().nanmean(0).sqrt()
    assert (missed < 0.25 * meshes.scores[1::3].std(0)).all()


def test_what_the_teacher_never_scored_a_reader_leaves_at_0(
    meshes: Meshes, geometry: Geometry
) -> None:
    silent = Meshes(meshes.points, meshes.scores.clone())
    silent.scores[:, 1] = torch.nan
    said = taught_by(silent, geometry)(geometry(meshes.points))
    assert said[:, 0].std() > 0.1
    assert (said[:, 1] == 0).all()


def test_a_reader_that_was_taught_learns_no_more_but_tells_points_where_to_go(
    reader: Reader, meshes: Meshes, geometry: Geometry
) -> None:
    points = meshes.points[:4].clone().requires_grad_()
    reader(geometry(points)).sum().backward()
    assert not any(each.requires_grad for each in reader.parameters())
    assert points.grad is not None and points.grad.abs().max() > 0


def test_the_same_seed_teaches_the_same(reader: Reader, meshes: Meshes, geometry: Geometry) -> None:
    again = taught_by(meshes, geometry)
    assert torch.equal(again.answer.weight, reader.answer.weight)
