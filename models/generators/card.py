"""The model card of a generator that was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping

from models.generators.config import GanConfig, GeneratorConfig


def card(
    name: str,
    config: GeneratorConfig,
    trained: GanConfig,
    step: int,
    losses: Mapping[str, float],
) -> str:
    """A card in Markdown: what it draws, how it was trained, and where it comes from."""
    rows = "\n".join(f"| {loss} | {value:.4f} |" for loss, value in losses.items())
    return f"""# {name}

Draws facial action units ({", ".join(config.aus)}) into faces registered in {config.registration},
on images of {config.size}x{config.size} pixels. Network: `{config.kind}`, {config.channels}
channels, {config.blocks} residual blocks.

## How it was trained

{step:,} steps of {trained.batch} pairs, the generator moved at every {trained.critic_steps}th. The
losses at the end, which say that training went well or not, and not how good drawings are:

| loss | value |
|---|---|
{rows}

Every drawing is synthetic and is to be marked so.

## Where it comes from

```json
{json.dumps(dict(config.lineage), indent=2, sort_keys=True, ensure_ascii=False)}
```
"""
