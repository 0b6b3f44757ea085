"""The losses of Niinuma, Onal Ertugrul, Cohn & Jeni (2022), equations 1 to 5.

Each takes what the networks answered, so that an equation reads as it is printed; each is a mean
over the batch. D_img and D_exp are the discriminator's two heads, G the generator, y_o and y_f the
AU intensities of the source and those asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import torch


def critic_image_loss(on_real: torch.Tensor, on_drawn: torch.Tensor) -> torch.Tensor:
    """Eq. 1 for the discriminator, without its penalty: E[D_img(G(I, y_f))] - E[D_img(I)]."""
    return on_drawn.mean() - on_real.mean()


def gradient_penalty(
    critic: Callable[[torch.Tensor], torch.Tensor],
    real: torch.Tensor,
    drawn: torch.Tensor,
    mix: torch.Tensor,
) -> torch.Tensor:
    """Eq. 1's penalty (WGAN-GP): E[(|grad D_img(J)| - 1)^2], J between real and drawn.

    Args:
        critic: D_img.
        real, drawn: (N, 3, H, W).
        mix: (N,) in [0, 1], how far each J is towards `real`.
    """
    weight = mix[:, None, None, None].to(real.dtype)
    between = (weight * real + (1 - weight) * drawn).detach().requires_grad_(True)
    # Each patch's answer depends on its own image alone, so one backward pass serves the batch.
    judged = critic(between).mean(dim=(1, 2, 3)).sum()
    (gradient,) = torch.autograd.grad(judged, between, create_graph=True)
    excess: torch.Tensor = gradient.flatten(1).norm(dim=1) - 1
    return excess.square().mean()


def generator_image_loss(on_drawn: torch.Tensor) -> torch.Tensor:
    """Eq. 1 for the generator: -E[D_img(G(I, y_f))]."""
    return -on_drawn.mean()


def expression_loss(read: torch.Tensor, meant: torch.Tensor) -> torch.Tensor:
    """Eq. 2, either term: E[|D_exp(I) - y|^2], the mean over AUs; NaN in `meant` is left out."""
    known = ~torch.isnan(meant)
    difference = torch.where(known, read - torch.nan_to_num(meant), torch.zeros_like(read))
    return difference.square().sum() / known.sum().clamp(min=1)


def identity_loss(returned: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Eq. 3: E[|G(G(I, y_f), y_o) - I|_1], the mean over pixels."""
    return (returned - source).abs().mean()


def idiosyncratic_loss(
    drawn: torch.Tensor,
    target: torch.Tensor,
    has_target: torch.Tensor,
    count: float | None = None,
) -> torch.Tensor:
    """Eq. 4: E[|G(I, y_f) - I_f|_1] against the same person's own image that shows y_f.

    Args:
        drawn, target: (N, 3, H, W).
        has_target: bool (N,), where there is one; the mean is over those, 0 if there is none.
        count: what the sum is divided by instead, where these are a part of a batch: processes
            whose answers are averaged have as many targets on average, and not each.
    """
    distance = (drawn - target).abs().mean(dim=(1, 2, 3))
    kept = torch.where(has_target, distance, torch.zeros_like(distance))
    if count is None:
        return kept.sum() / has_target.sum().clamp(min=1)
    return kept.sum() / (count or 1)


def attention_loss(attention: torch.Tensor) -> torch.Tensor:
    """GANimation's (Pumarola et al. 2018, eq. 2), first part: how much is drawn over, squared.

    Here attention is what is kept of the source, so it is 1 - attention that is made small.
    """
    return (1 - attention).square().mean()


def smoothness_loss(attention: torch.Tensor) -> torch.Tensor:
    """GANimation's (2018, eq. 2), second part: squared differences between neighbours, summed
    over the image and averaged over the batch."""
    down = (attention[:, :, 1:] - attention[:, :, :-1]).square().sum()
    across = (attention[:, :, :, 1:] - attention[:, :, :, :-1]).square().sum()
    return (down + across) / len(attention)
