"""It is PyTorch's instance norm, with its gradients, on small and on large images."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch
from torch.nn import functional

from models.generators.instance_norm import instance_norm

pytestmark = pytest.mark.usefixtures("one_thread")


def inputs(size: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """An image whose mean is no 0, and weights, all different."""
    generator = torch.Generator().manual_seed(0)
    x = 3 + 2 * torch.randn(2, 5, size, size, generator=generator, dtype=dtype)
    weight = 1 + 0.3 * torch.randn(5, generator=generator, dtype=dtype)
    bias = torch.randn(5, generator=generator, dtype=dtype)
    laid = x.contiguous(memory_format=torch.channels_last)
    return laid.requires_grad_(), weight.requires_grad_(), bias.requires_grad_()


@pytest.mark.parametrize("size", [4, 32])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4), (torch.bfloat16, 0.06)]
)
def test_values_and_gradients(size: int, dtype: torch.dtype, tolerance: float) -> None:
    exact = inputs(size, torch.float64)
    expected = functional.instance_norm(exact[0], weight=exact[1], bias=exact[2])
    pull = torch.randn(
        expected.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    wanted = torch.autograd.grad(expected, exact, pull)

    x, weight, bias = inputs(size, torch.float64)
    if dtype == torch.float64:
        found = instance_norm(x, weight, bias)
        gradients = torch.autograd.grad(found, (x, weight, bias), pull)
    else:  # as in training: weights stay float32
        x = x.detach().to(dtype).requires_grad_()
        weight, bias = (one.detach().float().requires_grad_() for one in (weight, bias))
        found = instance_norm(x, weight, bias)
        gradients = torch.autograd.grad(found, (x, weight, bias), pull.to(dtype))
    assert found.dtype == x.dtype
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found.double(), expected, atol=tolerance, rtol=tolerance)
    for one, other in zip(gradients, wanted, strict=True):
        scale = float(other.abs().max())
        torch.testing.assert_close(one.double() / scale, other / scale, atol=tolerance, rtol=0)


def test_gradients_by_small_steps() -> None:
    assert torch.autograd.gradcheck(instance_norm, inputs(4, torch.float64))
