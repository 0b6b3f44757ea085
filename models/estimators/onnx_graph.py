"""Estimators as ONNX, made from their checkpoints without torch.

A checkpoint names every weight, and the two architectures follow from the names: so whoever only
reads faces needs onnxruntime (20 MB) and not torch. Batch normalisation is folded into the
convolutions before it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.checkpoints import Checkpoint, CheckpointMismatchError
from models.estimators.config import REFERENCE_FEATURES, REFERENCE_IMAGE, EstimatorConfig
from models.facs import LEVELS, MAX_INTENSITY

FloatArray = npt.NDArray[np.float32]

OPSET: Final = 20
IR_VERSION: Final = 10
"""What opset 20 came with; a newer one would lock older runtimes out."""
METADATA: Final = "facsimile"
REFERENCE: Final = REFERENCE_FEATURES
_EPSILON: Final = 1e-5
"""Of batch normalisation, torch's default."""
_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)
_COUNTERS: Final = "num_batches_tracked"
_VGG_CONVOLUTIONS: Final = (0, 2, -1, 5, 7, -1, 10, 12, 14, -1, 17, 19, 21, -1, 24, 26, 28, -1)
"""Places of the convolutions in ``features``; -1 is 2x2 max pooling."""


def onnx_model(checkpoint: Checkpoint, *, features: bool = False) -> bytes:
    """An ONNX file of an estimator, weights inside.

    Input ``face``: float32 (batch, 3, H, W) in [-1, 1], RGB: for `compact` the crop of a
    registered image that `models.estimators.crop` makes (128x96), for `vgg16` all of it
    (224x224); for an estimator for normalised faces, what `models.normalisation.au0.difference`
    makes of it and the person's reference. Outputs ``probabilities``: float32 (batch, A, 6), and
    ``intensity``: float32 (batch, A) in 0..5, their median as the service reads it. A checkpoint
    calibrated to one person compares every face with theirs. The AUs and levels stand in the file's
    metadata under ``facsimile``.

    Args:
        checkpoint: of `compact` or `vgg16`, as `models.checkpoints` reads it.
        features: one more output ``features``, float32 (batch, F), of `compact`: what a neutral
            face is compared by.

    Raises:
        CheckpointMismatchError: weights and configuration do not fit each other.
    """
    config = EstimatorConfig.parse(checkpoint.config)
    held = {name: value for name, value in checkpoint.tensors.items() if name != REFERENCE_IMAGE}
    weights = _Weights(held)
    graph = _Graph(weights)
    if config.architecture == "compact":
        seen, probabilities = _compact(graph, weights, len(config.aus))
        size = (128, 96)
    else:
        seen, probabilities = _vgg16(graph, weights, len(config.aus))
        size = (224, 224)
    weights.check_all_used()
    graph.node("Identity", [probabilities], name="probabilities")
    graph.median("probabilities", "intensity")
    outputs = [
        _value("probabilities", ["batch", len(config.aus), len(LEVELS)]),
        _value("intensity", ["batch", len(config.aus)]),
    ]
    if features and config.architecture == "compact":
        graph.node("Identity", [seen], name="features")
        outputs.append(_value("features", ["batch", None]))
    built = helper.make_graph(
        graph.nodes,
        "facsimile",
        [_value("face", ["batch", 3, *size])],
        outputs,
        list(graph.constants.values()),
    )
    model = helper.make_model(
        built, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="facsimile"
    )
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {METADATA: json.dumps(_described(config), sort_keys=True)})
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.shape_inference.InferenceError as error:
        raise CheckpointMismatchError(
            f"The weights of the checkpoint do not fit each other: {error}"
        ) from error
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _described(config: EstimatorConfig) -> dict[str, Any]:
    return {
        "architecture": config.architecture,
        "aus": list(config.aus),
        "levels": list(LEVELS),
        "registration": config.registration,
        "normalisation": config.normalisation,
        "method": config.method,
    }


class _Weights:
    """The arrays of a checkpoint, each to be used once."""

    def __init__(self, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        self._tensors = tensors
        self._left = {name for name in tensors if not name.endswith(_COUNTERS)}

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def take(self, name: str, dimensions: int) -> FloatArray:
        """The array `name`, float32, of so many dimensions.

        Raises:
            CheckpointMismatchError: there is none such, or it holds what is no finite number.
        """
        if name not in self._tensors:
            raise CheckpointMismatchError(f"The checkpoint has no weights named {name}.")
        array = np.asarray(self._tensors[name], np.float32)
        if array.ndim != dimensions:
            raise CheckpointMismatchError(
                f"{name} has {array.ndim} dimensions; this network has {dimensions} there."
            )
        if not np.isfinite(array).all():
            raise CheckpointMismatchError(f"{name} holds numbers that are not finite.")
        self._left.discard(name)
        return array

    def check_all_used(self) -> None:
        """Raise `CheckpointMismatchError` when the network has no use for some of the weights."""
        if self._left:
            names = ", ".join(sorted(self._left)[:4])
            raise CheckpointMismatchError(
                f"The checkpoint has weights of another network: {names}."
            )


@dataclass
class _Graph:
    """Nodes and constants as they are added; every value has the name of who makes it."""

    weights: _Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=lambda: {"face": 3})
    """Channels or features of each value."""

    def node(
        self, kind: str, inputs: Sequence[str], *, name: str | None = None, **attributes: Any
    ) -> str:
        """Add a node with one output; the output's name."""
        output = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        self.widths[output] = self.widths.get(inputs[0], 0)
        return output

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        """Add a constant under its name."""
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def median(self, probabilities: str, name: str) -> str:
        """The median of distributions over the levels, as `estimates.median_intensities` has it.

        With p the probabilities and a_k = P(level >= k), each cell adds what of it lies below the
        median: the sum of (a_k - .5) / p_k, each within 0..1, less the half cell below 0.
        """
        reached = np.tril(np.ones((len(LEVELS), len(LEVELS)), np.float32))
        above = self.node("MatMul", [probabilities, self.constant("reached", reached)])
        half, least, one, none = (
            self.constant(key, np.array(value, np.float32))
            for key, value in (("half", 0.5), ("least", 1e-9), ("one", 1.0), ("none", 0.0))
        )
        below = self.node("Div", [self.node("Sub", [above, half]),
                                  self.node("Max", [probabilities, least])])  # fmt: skip
        filled = self.node("Clip", [below, none, one])
        last = self.constant("last", np.array([-1], np.int64))
        cells = self.node("ReduceSum", [filled, last], keepdims=0)
        top = self.constant("top", np.array(MAX_INTENSITY, np.float32))
        return self.node("Clip", [self.node("Sub", [cells, half]), none, top], name=name)

    def convolution(self, value: str, weight: str, norm: str, stride: int) -> str:
        """A convolution without bias and the batch normalisation behind it, as one."""
        kernel = self.weights.take(f"{weight}.weight", 4)
        scale, shift, mean, variance = (
            self.weights.take(f"{norm}.{part}", 1)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        if {len(scale), len(shift), len(mean), len(variance)} != {len(kernel)}:
            raise CheckpointMismatchError(f"{norm} does not fit {weight}.")
        gain = scale / np.sqrt(variance + np.float32(_EPSILON))
        return self.convolved(
            value, weight, kernel * gain[:, None, None, None], shift - mean * gain, stride
        )

    def convolved(
        self, value: str, name: str, kernel: FloatArray, bias: FloatArray, stride: int = 1
    ) -> str:
        """A convolution that keeps the size but for its stride."""
        self._check_width(value, name, kernel.shape[1])
        side = kernel.shape[-1]
        inputs = [
            value,
            self.constant(f"{name}.weight", kernel),
            self.constant(f"{name}.bias", bias),
        ]
        output = self.node(
            "Conv",
            inputs,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
        )
        self.widths[output] = len(kernel)
        return output

    def linear(self, value: str, name: str) -> str:
        """A fully connected layer."""
        matrix, shift = self.weights.take(f"{name}.weight", 2), self.weights.take(f"{name}.bias", 1)
        self._check_width(value, name, matrix.shape[1])
        weight = self.constant(f"{name}.weight", matrix)
        bias = self.constant(f"{name}.bias", shift)
        output = self.node("Gemm", [value, weight, bias], transB=1)
        self.widths[output] = len(matrix)
        return output

    def flattened(self, value: str, pixels: int = 1) -> str:
        """(batch, C, H, W) of so many pixels -> (batch, C * H * W)."""
        output = self.node("Flatten", [value])
        self.widths[output] *= pixels
        return output

    def answers(self, value: str, au_count: int, each: int) -> str:
        """(batch, A * each) -> (batch, A, each)."""
        self._check_width(value, "the last layer", au_count * each)
        return self._reshaped(value, -1, au_count, each)

    def _check_width(self, value: str, name: str, expected: int) -> None:
        if self.widths[value] != expected:
            raise CheckpointMismatchError(
                f"{name} is for {expected} inputs, and there are {self.widths[value]}."
            )

    def _reshaped(self, value: str, *shape: int) -> str:
        name = f"shape_{'_'.join(map(str, shape))}"
        return self.node("Reshape", [value, self.constant(name, np.array(shape, np.int64))])


def _compact(graph: _Graph, weights: _Weights, au_count: int) -> tuple[str, str]:
    """Features and probabilities of `models.estimators.compact`."""
    value = graph.node("Relu", [graph.convolution("face", "trunk.0", "trunk.1", 2)])
    index = 3
    while f"trunk.{index}.conv1.weight" in weights:
        value = _residual(graph, weights, value, f"trunk.{index}")
        index += 1
    features = graph.flattened(graph.node("GlobalAveragePool", [value]))
    alone = graph.linear(features, "absolute")
    hidden = weights.take("comparing.0.weight", 2)
    if REFERENCE in weights:
        reference = weights.take(REFERENCE, 2)
        if 2 * reference.shape[1] != hidden.shape[1] or len(reference) != 1:
            raise CheckpointMismatchError(f"{REFERENCE} has shape {reference.shape}.")
        change = graph.node("Sub", [features, graph.constant(REFERENCE, reference)])
        both = graph.node("Concat", [features, change], axis=1)
        graph.widths[both] = 2 * graph.widths[features]
        logits = graph.linear(
            graph.node("Relu", [graph.linear(both, "comparing.0")]), "comparing.2"
        )
    else:
        for name, dimensions in (
            ("comparing.0.bias", 1),
            ("comparing.2.weight", 2),
            ("comparing.2.bias", 1),
        ):
            weights.take(name, dimensions)
        logits = alone
    questions = len(LEVELS) - 1
    above = graph.node("Sigmoid", [graph.answers(logits, au_count, questions)])
    return features, _levels(graph, above, questions)


def _levels(graph: _Graph, above: str, questions: int) -> str:
    """(batch, A, 5) "above level k" -> (batch, A, 6) probabilities of the levels."""
    names = [f"above_{k}" for k in range(questions)]
    graph.nodes.append(
        helper.make_node("Split", [above], names, name="questions", axis=2, num_outputs=questions)
    )
    falling = [names[0]]
    for name in names[1:]:
        falling.append(graph.node("Min", [falling[-1], name]))
    first = graph.node("Sub", [graph.constant("one", np.ones(1, np.float32)), falling[0]])
    between = [graph.node("Sub", [high, low]) for high, low in itertools.pairwise(falling)]
    return graph.node("Concat", [first, *between, falling[-1]], axis=2)


def _residual(graph: _Graph, weights: _Weights, value: str, name: str) -> str:
    # Only the first block of a stage has a shortcut of its own, and it halves the resolution.
    changes = f"{name}.shortcut.0.weight" in weights
    stride = 2 if changes else 1
    hidden = graph.convolution(value, f"{name}.conv1", f"{name}.norm1", stride)
    hidden = graph.node("Relu", [hidden])
    hidden = graph.convolution(hidden, f"{name}.conv2", f"{name}.norm2", 1)
    beside = (
        graph.convolution(value, f"{name}.shortcut.0", f"{name}.shortcut.1", stride)
        if changes
        else value
    )
    return graph.node("Relu", [graph.node("Add", [hidden, beside])])


def _vgg16(graph: _Graph, weights: _Weights, au_count: int) -> tuple[str, str]:
    """The last hidden layer and probabilities of `models.estimators.vgg16`."""
    deviation = np.array(_DEVIATION, np.float32)
    gain = (0.5 / deviation).reshape(1, 3, 1, 1)
    shift = ((0.5 - np.array(_MEAN, np.float32)) / deviation).reshape(1, 3, 1, 1)
    scaled = graph.node("Mul", ["face", graph.constant("gain", gain.astype(np.float32))])
    value = graph.node("Add", [scaled, graph.constant("shift", shift.astype(np.float32))])
    for place in _VGG_CONVOLUTIONS:
        if place < 0:
            value = graph.node("MaxPool", [value], kernel_shape=[2, 2], strides=[2, 2])
            continue
        name = f"features.{place}"
        kernel, bias = weights.take(f"{name}.weight", 4), weights.take(f"{name}.bias", 1)
        value = graph.node("Relu", [graph.convolved(value, name, kernel, bias)])
    value = graph.flattened(value, 7 * 7)
    for place in (0, 3):
        value = graph.node("Relu", [graph.linear(value, f"classifier.{place}")])
    logits = graph.answers(graph.linear(value, "classifier.6"), au_count, len(LEVELS))
    return value, graph.node("Softmax", [logits], axis=2)


def _value(name: str, shape: Sequence[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
