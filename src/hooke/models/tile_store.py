"""Keeps predicted tiles of an image until each part of the image that needs them has had them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

Place = tuple[int, int]
Output = NDArray[np.float32]


class TileStore:
    """Tiles that are predicted when first asked for, once, even if several threads ask.

    Parameters
    ----------
    predict : callable
        Predicts the tile at a place; the same whenever it is called.
    wanted : iterable of (int, int)
        Place of a tile for each time that it will be asked for; after the last it is let go.
    limit : int
        Bytes that waiting tiles may take. Beyond that, the oldest is let go, and predicted again when it is asked for.

    Examples
    --------
    >>> store = TileStore(lambda place: np.full((1, 1, 1), sum(place), np.float32), [(1, 2), (1, 2)], 100)
    >>> [float(store.get((1, 2)).max()) for _ in range(2)], store.held
    ([3.0, 3.0], 0)
    """

    def __init__(self, predict: Callable[[Place], Output], wanted: Iterable[Place], limit: int) -> None:
        self._predict = predict
        self._left = Counter(wanted)
        self._limit = limit
        self._made: dict[Place, Future[Output]] = {}
        self._lock = threading.Lock()
        self.held = 0

    def get(self, place: Place) -> Output:
        """Give a tile; its array must not be changed."""
        with self._lock:
            future = self._made.get(place)
            is_first = future is None
            if future is None:
                future = self._made[place] = Future()
        if is_first:
            self._make(place, future)
        output = future.result()
        with self._lock:
            self._left[place] -= 1
            if self._left[place] <= 0:
                self._let_go(place)
        return output

    def _make(self, place: Place, future: Future[Output]) -> None:
        try:
            output = self._predict(place)
        except BaseException as error:
            with self._lock:
                self._made.pop(place, None)
            future.set_exception(error)
            return
        future.set_result(output)
        with self._lock:
            if self._made.get(place) is future:
                self.held += output.nbytes
            for oldest in [key for key, made in self._made.items() if made.done() and key != place]:
                if self.held <= self._limit:
                    break
                self._let_go(oldest)

    def _let_go(self, place: Place) -> None:
        future = self._made.pop(place, None)
        if future is not None and future.done() and future.exception() is None:
            self.held -= future.result().nbytes
