"""The network as ONNX, made from its checkpoint without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.checkpoints import Checkpoint, CheckpointMismatchError
from models.hybrid.config import ANSWERS, HybridConfig
from models.hybrid.scene import FINE, PLANES, SIDE

FloatArray = npt.NDArray[np.float32]

SLOPE: Final = 0.1
"""Of the leaky ReLU behind every layer but the last."""
_OPSET: Final = 20
_IR_VERSION: Final = 10


def soft_kernel(sigma: float) -> FloatArray:
    """float32 (6, 1, K, K): a Gaussian for each channel of an answer, summing to 1."""
    reach = int(np.ceil(3 * sigma))
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    square = np.outer(line, line) / line.sum() ** 2
    return np.tile(square.astype(np.float32), (ANSWERS, 1, 1, 1))


def checked_weights(checkpoint: Checkpoint) -> tuple[HybridConfig, dict[str, FloatArray]]:
    """Configuration and float32 weights of a checkpoint.

    Raises:
        CheckpointMismatchError: names, shapes or numbers are not such a network's.
    """
    config = HybridConfig.parse(checkpoint.config)
    shapes = config.shapes()
    if set(checkpoint.tensors) != set(shapes):
        odd = ", ".join(sorted(set(checkpoint.tensors) ^ set(shapes))[:4])
        raise CheckpointMismatchError(f"The checkpoint lacks weights or has others: {odd}.")
    weights = {}
    for name, shape in shapes.items():
        weights[name] = np.asarray(checkpoint.tensors[name], np.float32)
        if weights[name].shape != shape:
            raise CheckpointMismatchError(f"{name} is {weights[name].shape}, not {shape}.")
        if not np.isfinite(weights[name]).all():
            raise CheckpointMismatchError(f"{name} holds numbers that are not finite.")
    return config, weights


def onnx_model(checkpoint: Checkpoint) -> bytes:
    """An ONNX file of the network, weights inside.

    Input ``planes``: float32 (batch, 14, 128, 128) as `models.hybrid.scene.Scene` has them; output
    ``answers``: float32 (batch, 6, 128, 128), see `models.hybrid.config.ANSWERS`.

    Raises:
        CheckpointMismatchError: it is no checkpoint of this network.
    """
    config, weights = checked_weights(checkpoint)
    graph = _Graph(weights)
    value = graph.active(graph.convolved("planes", "stem", stride=2))
    kept = []
    for level in range(len(config.widths)):
        if level:
            kept.append(value)
            value = graph.node("AveragePool", [value], kernel_shape=[2, 2], strides=[2, 2])
        value = graph.twice(value, f"down.{level}")
    twice = graph.constant("twice", np.array([1, 1, 2, 2], np.float32))
    for level in range(len(config.widths) - 2, -1, -1):
        value = graph.node(
            "Resize", [value, "", twice], mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )  # fmt: skip
        value = graph.twice(graph.node("Concat", [value, kept.pop()], axis=1), f"up.{level}")
    value = graph.active(graph.convolved(value, "fine", stride=2, kind="ConvTranspose"))
    sharp = graph.convolved(graph.node("Concat", [value, "planes"], axis=1), "answer")
    kernel = soft_kernel(config.softness)
    soft = graph.node(
        "Conv", [sharp, graph.constant("soft", kernel)], group=ANSWERS,
        pads=[kernel.shape[-1] // 2] * 4,
    )  # fmt: skip
    ends = [graph.constant(name, np.array([at], np.int64)) for name, at in (
        ("fine_start", FINE), ("fine_end", FINE + 1), ("channels", 1))]  # fmt: skip
    share = graph.node("Slice", ["planes", *ends])
    beyond = graph.node("Mul", [graph.node("Sub", [sharp, soft]), share])
    graph.node("Add", [soft, beyond], name="answers")
    return graph.model(config)


@dataclass
class _Graph:
    weights: dict[str, FloatArray]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def node(
        self, kind: str, inputs: Sequence[str], *, name: str | None = None, **attributes: Any
    ) -> str:
        output = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def convolved(self, value: str, name: str, *, stride: int = 1, kind: str = "Conv") -> str:
        parts = [self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"])
                 for part in ("weight", "bias")]  # fmt: skip
        return self.node(kind, [value, *parts], strides=[stride, stride], pads=[1] * 4)

    def active(self, value: str) -> str:
        return self.node("LeakyRelu", [value], alpha=SLOPE)

    def twice(self, value: str, name: str) -> str:
        for part in (0, 1):
            value = self.active(self.convolved(value, f"{name}.{part}"))
        return value

    def model(self, config: HybridConfig) -> bytes:
        float32 = TensorProto.FLOAT
        built = helper.make_graph(
            self.nodes,
            "facsimile-hybrid",
            [helper.make_tensor_value_info("planes", float32, ["batch", PLANES, SIDE, SIDE])],
            [helper.make_tensor_value_info("answers", float32, ["batch", ANSWERS, SIDE, SIDE])],
            list(self.constants.values()),
        )
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(built, opset_imports=opset, producer_name="facsimile")
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content
