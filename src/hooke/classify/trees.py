"""Trains and applies extremely randomised trees, with NumPy alone.

Geurts, Ernst and Wehenkel 2006, "Extremely randomized trees": each node tries a few features, each with one threshold
drawn at random, and takes the purest split; the forest's probability is the mean over its trees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAF = -1
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Forest:
    """All nodes of all trees, one after the other.

    Parameters
    ----------
    roots : ndarray of int32, shape (T,)
    feature : ndarray of int32, shape (N,)
        Column that a node compares; -1 for a leaf.
    threshold : ndarray of float32, shape (N,)
        Examples below it go left.
    left, right : ndarray of int32, shape (N,)
    shares : ndarray of float32, shape (N, K)
        Weighted share of each class among the examples that came here in training.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    shares: Floats

    def predict(self, features: Floats) -> Floats:
        """Probability of each class: the mean over the trees, shape (n, K)."""
        total = np.zeros((len(features), self.shares.shape[1]), np.float32)
        row = np.arange(len(features))
        for root in self.roots:
            node = np.full(len(features), root)
            while (inner := self.feature[node] != _LEAF).any():
                below = features[row, np.maximum(self.feature[node], 0)] < self.threshold[node]
                node = np.where(inner, np.where(below, self.left[node], self.right[node]), node)
            total += self.shares[node]
        return total / np.float32(len(self.roots))

    def to_dict(self) -> dict[str, Any]:
        """Give the same as lists, ready for JSON."""
        return {name: np.round(value.astype(float), 7).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, read: Mapping[str, Any]) -> Forest:
        """Take what `to_dict` gives.

        Raises
        ------
        ValueError
            When it is not a forest.
        """
        whole = {name: np.asarray(read[name], np.int32) for name in ("roots", "feature", "left", "right")}
        real = {name: np.asarray(read[name], np.float32) for name in ("threshold", "shares")}
        forest = cls(whole["roots"], whole["feature"], real["threshold"], whole["left"], whole["right"], real["shares"])
        count = len(forest.feature)
        inner = np.flatnonzero(forest.feature != _LEAF)
        lengths = {len(values) for values in (forest.threshold, forest.left, forest.right, forest.shares)}
        # Children come after their parents, so that every walk down ends.
        down = np.minimum(forest.left, forest.right)[inner] > inner
        inside = np.maximum(forest.left, forest.right)[inner] < count
        if lengths != {count} or not len(forest.roots) or not (down & inside).all() or forest.roots.max() >= count:
            raise ValueError("its nodes do not make trees")
        return forest


def grow_forest(
    features: Floats,
    classes: NDArray[np.integer],
    weights: NDArray[np.floating],
    *,
    trees: int,
    rng: np.random.Generator,
) -> Forest:
    """Grow trees until their leaves are pure.

    Parameters
    ----------
    features : ndarray of float32, shape (n, F)
    classes : ndarray of int, shape (n,)
        Class of each example, 0..K-1.
    weights : ndarray of float, shape (n,)
        Of each example.
    trees : int
    rng : Generator
    """
    weighted = np.zeros((len(classes), int(classes.max()) + 1))
    weighted[np.arange(len(classes)), classes] = weights
    nodes: list[_Node] = []
    roots = []
    for _ in range(trees):
        roots.append(len(nodes))
        _grow_tree(features, weighted, nodes, rng)
    return Forest(
        np.array(roots, np.int32),
        np.array([node.feature for node in nodes], np.int32),
        np.array([node.threshold for node in nodes], np.float32),
        np.array([node.left for node in nodes], np.int32),
        np.array([node.right for node in nodes], np.int32),
        np.array([node.shares for node in nodes], np.float32),
    )


@dataclass
class _Node:
    """A leaf, until it is split."""

    shares: Sequence[float]
    feature: int = _LEAF
    threshold: float = 0.0
    left: int = 0
    right: int = 0


def _grow_tree(features: Floats, weighted: NDArray[np.float64], nodes: list[_Node], rng: np.random.Generator) -> None:
    """Append one tree; `weighted` holds each example's weight in the column of its class."""
    nodes.append(_Node(()))
    waiting = [(len(nodes) - 1, np.arange(len(features)))]
    while waiting:
        number, rows = waiting.pop()
        totals = weighted[rows].sum(axis=0)
        nodes[number].shares = (totals / totals.sum()).tolist()
        if np.count_nonzero(totals) < 2:
            continue
        split = _split(features[rows], weighted[rows], rng)
        if split is None:
            continue
        feature, threshold = split
        below = features[rows, feature] < threshold
        first = len(nodes)
        nodes += [_Node(()), _Node(())]
        nodes[number] = _Node(nodes[number].shares, feature, float(threshold), first, first + 1)
        waiting += [(first, rows[below]), (first + 1, rows[~below])]


def _split(features: Floats, weighted: NDArray[np.float64], rng: np.random.Generator) -> tuple[int, np.float32] | None:
    """Draw a threshold for a few features; the purest split of them (Gini), or None where nothing varies."""
    low, high = features.min(axis=0), features.max(axis=0)
    varying = np.flatnonzero(high > low)
    if not len(varying):
        return None
    tried = rng.permutation(varying)[: max(1, round(np.sqrt(features.shape[1])))]
    # Over `low` and at most `high`: neither side is empty.
    drawn = high[tried] - (high[tried] - low[tried]) * rng.random(len(tried), np.float32)
    thresholds = np.maximum(drawn, np.nextafter(low[tried], high[tried]))
    left = (features[:, tried] < thresholds).T.astype(np.float64) @ weighted
    right = weighted.sum(axis=0) - left
    # The weighted Gini impurity of both sides is 1 - this, up to a constant.
    pure = sum((side**2).sum(axis=1) / np.maximum(side.sum(axis=1), 1e-12) for side in (left, right))
    best = int(np.argmax(pure))
    return int(tried[best]), thresholds[best]
