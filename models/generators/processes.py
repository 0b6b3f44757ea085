"""Several processes that train one network, as ``torchrun`` starts them; or one alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn

from models.device import compute_device


@dataclass(frozen=True)
class Processes:
    """This process among `count` that train together; each has its share of every batch."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and talks to people."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """This process's rows of a batch.

        Raises:
            ValueError: the batch cannot be shared out evenly.
        """
        if batch % self.count:
            raise ValueError(f"batch: {batch} pairs cannot be shared out to {self.count} processes")
        each = batch // self.count
        return slice(self.rank * each, (self.rank + 1) * each)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Put the mean over all processes in place of each gradient, in one message.

        Done by hand, after the backward pass: the gradient penalty differentiates twice, which
        hooks on single gradients do not survive.
        """
        if self.count == 1:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.count
        start = 0
        for gradient in gradients:
            mean = flat[start : start + gradient.numel()]
            gradient.copy_(mean.view_as(gradient))
            start += gradient.numel()

    def mean(self, values: Mapping[str, torch.Tensor]) -> dict[str, float]:
        """The mean over all processes of each number."""
        numbers = torch.stack([value.detach().float() for value in values.values()])
        if self.count > 1:
            distributed.all_reduce(numbers)
            numbers /= self.count
        return dict(zip(values, numbers.tolist(), strict=True))

    def agreed(self, stop: bool, device: torch.device) -> bool:
        """Whether any process wants to stop; all get the same answer at the same step."""
        if self.count == 1:
            return stop
        return _largest(float(stop), device) > 0

    def alike(self, number: int, device: torch.device) -> bool:
        """Whether all processes have the same number."""
        if self.count == 1:
            return True
        # Both before either is looked at: whoever differs has to answer the others twice too.
        most, least = _largest(number, device), -_largest(-number, device)
        return most == least


def _largest(number: float, device: torch.device) -> float:
    """Of all processes' numbers."""
    shared = torch.tensor([number], dtype=torch.float64, device=device)
    distributed.all_reduce(shared, distributed.ReduceOp.MAX)
    return float(shared.item())


@contextmanager
def joined() -> Iterator[tuple[Processes, torch.device]]:
    """This process among those that ``torchrun`` started, and the device it computes on.

    One GPU each where there are GPUs (NCCL), else the CPU (gloo). Without ``torchrun`` it is one
    process on the first GPU or the CPU.
    """
    cuda = torch.cuda.is_available()
    if not distributed.is_torchelastic_launched():
        yield Processes(), compute_device()
        return
    device = torch.device("cpu")
    if cuda:
        device = torch.device("cuda", distributed.get_node_local_rank())
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size()), device
    finally:
        distributed.destroy_process_group()
