"""The face descriptor as ONNX: the residual network of dlib, from its shipped weights.

King, "High Quality Face Recognition with Deep Metric Learning" (dlib, 2017): 29 convolutions after
He et al. 2016 with half the filters, trained so that pictures of one person lie near each other in
128 dimensions. Weights are 8-bit as published for browsers; ``scripts/fetch_identity.py`` takes
them from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

FloatArray = npt.NDArray[np.float32]
Tensors = Mapping[str, npt.NDArray[Any]]

SIDE: Final = 150
"""Pixels of the square the network sees."""
LENGTH: Final = 128
"""Numbers of a descriptor."""
BLOCKS: Final = (
    ("conv32_1", False), ("conv32_2", False), ("conv32_3", False), ("conv64_down", True),
    ("conv64_1", False), ("conv64_2", False), ("conv64_3", False), ("conv128_down", True),
    ("conv128_1", False), ("conv128_2", False), ("conv256_down", True), ("conv256_1", False),
    ("conv256_2", False), ("conv256_down_out", True),
)  # fmt: skip
"""Residual blocks in order, and which of them halve the resolution."""
_OPSET: Final = 20
_IR_VERSION: Final = 10


def convolution(tensors: Tensors, name: str) -> tuple[FloatArray, FloatArray]:
    """Weight (O, I, K, K) and bias (O,) of a convolution, its scaling folded in."""
    low, step = tensors[f"{name}.range"]
    weight = tensors[f"{name}.filters"].astype(np.float32) * step + low
    weight = weight * tensors[f"{name}.gain"][:, None, None, None]
    return np.asarray(weight, np.float32), np.asarray(tensors[f"{name}.bias"], np.float32)


def onnx_model(tensors: Tensors) -> bytes:
    """An ONNX file of the network, weights inside.

    Input ``face``: float32 (batch, 3, 150, 150), RGB less its mean, over 255. Output
    ``descriptor``: float32 (batch, 128).

    Raises:
        KeyError: a weight is missing.
    """
    graph = _Graph(tensors)
    value = graph.active(graph.convolved("face", "conv32_down", stride=2, pad=0))
    value = graph.node("MaxPool", [value], kernel_shape=[3, 3], strides=[2, 2])
    side = (SIDE - 7) // 2 + 1
    side = (side - 3) // 2 + 1
    for name, halves in BLOCKS:
        value = graph.block(value, name, halves=halves, even=side % 2 == 0)
        side = side // 2 if halves else side
    value = graph.node("GlobalAveragePool", [value])
    value = graph.node("Flatten", [value])
    low, step = tensors["fc.range"]
    fc = tensors["fc.filters"].astype(np.float32) * step + low
    graph.node("MatMul", [value, graph.constant("fc", fc)], name="descriptor")
    return graph.model()


class _Graph:
    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def node(
        self, kind: str, inputs: Sequence[str], *, name: str | None = None, **attributes: Any
    ) -> str:
        output = name or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def convolved(self, value: str, name: str, *, stride: int = 1, pad: int = 1) -> str:
        parts = [
            self.constant(f"{name}.{part}", array)
            for part, array in zip(
                ("weight", "bias"), convolution(self._tensors, name), strict=True
            )
        ]
        return self.node("Conv", [value, *parts], strides=[stride] * 2, pads=[pad] * 4)

    def active(self, value: str) -> str:
        return self.node("Relu", [value])

    def block(self, value: str, name: str, *, halves: bool, even: bool) -> str:
        """A residual block; where it halves, its shortcut is pooled and padded with zeros.

        `even` says that the side of `value` is: halved, the convolution then sees one row and one
        column less than the pooling does.
        """
        stride, pad = (2, 0) if halves else (1, 1)
        out = self.active(self.convolved(value, f"{name}/conv1", stride=stride, pad=pad))
        out = self.convolved(out, f"{name}/conv2")
        if not halves:
            return self.active(self.node("Add", [out, value]))
        pooled = self.node("AveragePool", [value], kernel_shape=[2, 2], strides=[2, 2])
        if even:
            out = self.node("Pad", [out, self.constant("edge", _pads(down=1, right=1))])
        before = self._tensors[f"{name}/conv1.filters"].shape
        if before[0] > before[1]:
            grown = self.constant(f"{name}.grown", _pads(channels=before[0] - before[1]))
            pooled = self.node("Pad", [pooled, grown])
        return self.active(self.node("Add", [out, pooled]))

    def model(self) -> bytes:
        float32 = TensorProto.FLOAT
        built = helper.make_graph(
            self._nodes,
            "facsimile-identity",
            [helper.make_tensor_value_info("face", float32, ["batch", 3, SIDE, SIDE])],
            [helper.make_tensor_value_info("descriptor", float32, ["batch", LENGTH])],
            list(self._constants.values()),
        )
        model = helper.make_model(
            built, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="facsimile"
        )
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def _pads(*, channels: int = 0, down: int = 0, right: int = 0) -> npt.NDArray[np.int64]:
    """Zeros behind each axis of (N, C, H, W), as ONNX has them."""
    return np.array([0, 0, 0, 0, 0, channels, down, right], np.int64)
