"""A LiteRT network that several threads may run at once."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from models import assets
from models.registration.face import FloatArray


class Network:
    """A network with one input, run on one core.

    An interpreter holds its tensors and must not be entered twice, so each run borrows one from
    a stack of idle interpreters and makes another only when all are busy.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._idle: deque[Any] = deque([self._interpreter()])

    @classmethod
    def load(cls, name: str) -> Network:
        """The asset `name`.

        Raises:
            models.assets.AssetError: it has not been fetched or is damaged.
        """
        return cls(assets.load(name))

    def run(self, tensor: FloatArray) -> list[FloatArray]:
        """Run on one input tensor, float32 with a batch axis of 1; its outputs, batch axis kept."""
        try:
            interpreter = self._idle.pop()
        except IndexError:
            interpreter = self._interpreter()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
        interpreter.invoke()
        outputs = [
            np.asarray(interpreter.get_tensor(output["index"]), np.float32)
            for output in interpreter.get_output_details()
        ]
        self._idle.append(interpreter)
        return outputs

    def _interpreter(self) -> Any:
        interpreter = Interpreter(model_content=self._content, num_threads=1)
        interpreter.allocate_tensors()
        return interpreter
