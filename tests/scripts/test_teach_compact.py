"""Teaching `compact` by portraits that others order."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.estimators.augment import Augment  # noqa: E402
from models.estimators.blendshapes import BLENDSHAPES, TEACHERS  # noqa: E402
from models.estimators.compact import Compact, CompactConfig  # noqa: E402
from models.estimators.faces import LabelledFaces, PeopleBatches  # noqa: E402
from models.facs import SUPPORTED_AUS  # noqa: E402
from scripts.train_compact.taught import Taught, TaughtBatches, above_loss, ranking_loss  # noqa: E402
from scripts.train_compact.teach import between  # noqa: E402
from scripts.train_compact.teachers import VOTES, ordered, trust  # noqa: E402

COUNT = 6
rng = np.random.default_rng(4)


def batches() -> TaughtBatches:
    """Six portraits that AU12's teacher puts in the order of their rows."""
    pictures = rng.integers(0, 255, (COUNT, 128, 96, 3), np.uint8)
    faces = LabelledFaces(
        pictures, rng.uniform(0, 5, (COUNT, 18)).astype(np.float32), np.arange(COUNT), pictures
    )
    places = np.full((COUNT, 18), np.nan, np.float32)
    places[:, SUPPORTED_AUS.index("AU12")] = np.arange(COUNT) / (COUNT - 1)
    drawn, real = PeopleBatches(faces, Augment(), 2, 2), PeopleBatches(faces, Augment(), 3, 1)
    return TaughtBatches(
        drawn, real, real, pictures, places, np.zeros((COUNT, 18), np.float32),
        Augment(), count=4,
    )  # fmt: skip


def test_the_blind_have_no_vote() -> None:
    coefficients = rng.random((5, len(BLENDSHAPES))).astype(np.float32)
    places = ordered(coefficients, rng.random((5, 18)).astype(np.float32))
    for column, au in enumerate(SUPPORTED_AUS):
        assert np.isnan(places[:, column]).all() == (au not in VOTES)
    assert {"AU05", "AU09", "AU14", "AU20"}.isdisjoint(VOTES)
    assert (trust()[[au not in VOTES for au in SUPPORTED_AUS]] == 0).all()
    assert trust()[SUPPORTED_AUS.index("AU04")] < trust()[SUPPORTED_AUS.index("AU12")]


def test_ranks_are_those_of_who_may_vote() -> None:
    coefficients = np.zeros((4, len(BLENDSHAPES)), np.float32)
    for name in TEACHERS["AU06"]:
        coefficients[:, BLENDSHAPES.index(name)] = [0.4, 0.1, 0.9, 0.2]
    earlier = np.zeros((4, 18), np.float32)
    earlier[:, SUPPORTED_AUS.index("AU06")] = [0, 9, 1, 3]
    read = ordered(coefficients, earlier)[:, SUPPORTED_AUS.index("AU06")]
    assert read == pytest.approx([2 / 3, 0, 1, 1 / 3])  # AU06 is the blendshapes' alone


def test_the_loss_falls_when_the_order_is_kept_and_margins_grow() -> None:
    places = torch.tensor([[0.0], [0.5], [1.0]])
    kept, turned = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[2.0], [1.0], [0.0]])
    weight = torch.ones(1)
    assert ranking_loss(kept, kept, places, weight) < 0.1
    assert ranking_loss(turned, turned, places, weight) > 3
    # by hand: softplus((.2 - d) / .3) of the differences of log(e + .1), all three of them clear
    steps = np.log([1.1 / 0.1, 2.1 / 1.1, 2.1 / 0.1])
    expected = np.mean(np.log1p(np.exp((0.2 - steps) / 0.3)))
    assert float(ranking_loss(kept, kept, places, weight)) == pytest.approx(expected, rel=1e-4)


def test_pairs_without_a_clear_order_cost_nothing() -> None:
    near = torch.tensor([[0.4], [0.5], [torch.nan]])
    read = torch.tensor([[3.0], [0.0], [1.0]], requires_grad=True)
    loss = ranking_loss(read, read, near, torch.ones(1))
    torch.autograd.backward(loss)
    assert float(loss.detach()) == 0
    assert read.grad is not None
    assert read.grad.abs().sum() == 0


def test_an_au_that_is_not_trusted_has_no_say() -> None:
    places = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    read = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    both = ranking_loss(read, read, places, torch.tensor([1.0, 1.0]))
    good = ranking_loss(read, read, places, torch.tensor([0.0, 1.0]))
    assert good < 0.01 < both


def test_a_step_gives_the_same_batch_twice_and_a_loss_with_gradients() -> None:
    source = batches()
    one, other = source.batch(7), source.batch(7)
    assert torch.equal(one.portraits, other.portraits)
    assert torch.equal(one.labelled.images, other.labelled.images)
    assert len(one.portraits) == 8
    assert not torch.equal(one.portraits[:4], one.portraits[4:])
    torch.manual_seed(0)
    network = Compact(CompactConfig(stem=4, widths=(4, 4, 4, 8), blocks=(1, 1, 1, 1), compare=8))
    loss, parts = Taught(torch.from_numpy(trust()))(network, one)
    torch.autograd.backward(loss)
    names = {"absolute", "comparing", "order", "smiles", "level", "earlier", "cameras"}
    assert set(parts) == names
    assert one.labelled.images[one.smiles].shape == one.labelled.images[one.resting].shape
    assert len(one.labelled.images[one.smiles]) == 3
    assert all(value >= 0 for value in parts.values())
    assert all(one.grad is not None for one in network.parameters())


def test_smiles_belong_above_every_neutral_face() -> None:
    smiles, rest = torch.tensor([[3.0], [2.0]]), torch.tensor([[0.0], [0.4]])
    assert above_loss(smiles, rest) < 0.05 < above_loss(rest, smiles)
    # log((2 + .1) / (.4 + .1)) = 1.435, by hand
    worst = above_loss(smiles[1:], rest[1:])
    assert float(worst) == pytest.approx(np.log1p(np.exp((0.2 - 1.4351) / 0.3)), rel=1e-3)


def test_a_mixture_liesbetween() -> None:
    before = {"weight": torch.tensor([1.0]), "count": torch.tensor(3)}
    after = {"weight": torch.tensor([3.0]), "count": torch.tensor(9)}
    mixed = between(before, after, 0.75)
    assert mixed["weight"].tolist() == [2.5]
    assert mixed["count"].item() == 9
