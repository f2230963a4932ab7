"""Shows the work of a widget: a button that starts it in a thread, progress, a button that cancels, and messages."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from magicgui.widgets import Container, Label, ProgressBar, PushButton
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QLabel, QSizePolicy

from hooke.errors import HookeError
from hooke.napari.layer_job import Cancelled, LayerJob

_Found = TypeVar("_Found")

_LOOK_MS = 100  # between two questions how far the work is
_STEPS = 1000
_STYLES = {"plain": "", "warning": "color: #f0b429;", "error": "color: #ff6b6b;"}


class JobPanel:
    """The lower part of a widget.

    Parameters
    ----------
    text : str
        Of the button that starts the work.
    start : callable
        Called by it; calls `run`, or raises a `HookeError`, which is shown.
    """

    def __init__(self, text: str, start: Callable[[], None]) -> None:
        self.job: LayerJob | None = None
        self.worker: Any = None
        self._start = start
        self.button = PushButton(text=text)
        self.cancel = PushButton(text="Cancel", enabled=False)
        self.bar = ProgressBar(min=0, max=_STEPS, value=0, visible=False)
        self.doing = Label(value="", visible=False)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.RichText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = Container(widgets=[self.button, self.cancel], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        self.container = Container(widgets=[buttons, self.bar, self.doing], labels=False)
        self.container.margins = (0, 0, 0, 0)
        self.container.native.layout().addWidget(self.said)
        self.timer = QTimer(self.said)
        self.timer.setInterval(_LOOK_MS)
        self.timer.timeout.connect(self._look)
        self.button.changed.connect(self._clicked)
        self.cancel.changed.connect(self.stop)
        self.said.destroyed.connect(self.stop)

    def run(self, work: Callable[[LayerJob], _Found], done: Callable[[_Found], None]) -> None:
        """Do work in a thread, then show what came of it in the window's.

        Parameters
        ----------
        work : callable
            Given the job; touches no layer and no widget.
        done : callable
            Given what it returned.
        """
        job = self.job = LayerJob()

        def guarded() -> tuple[str, Any]:
            try:
                return "done", work(job)
            except Cancelled:
                return "cancelled", None
            except HookeError as error:
                return "error", str(error)

        self._busy(True)
        self.worker = create_worker(guarded, _start_thread=False)
        self.worker.returned.connect(lambda ended: self._ended(ended[0], ended[1], done))
        self.worker.errored.connect(self._failed)
        self.worker.start()

    def stop(self, *_: object) -> None:
        """Ask the work to stop."""
        if self.job is not None:
            self.job.cancel.set()

    def say(self, lines: Sequence[str], warnings: Sequence[str] = (), *, error: str = "") -> None:
        """Show lines, warnings below them, and an error."""
        parts = [("plain", line) for line in lines] + [("warning", f"Warning: {line}") for line in warnings]
        parts += [("error", error)] if error else []
        self.said.setText(
            "".join(f'<p style="margin: 4px 0; {_STYLES[kind]}">{html.escape(text)}</p>' for kind, text in parts)
        )

    def _clicked(self) -> None:
        if self.job is not None:
            return
        self.say(())
        try:
            self._start()
        except HookeError as error:
            self.say((), error=str(error))

    def _look(self) -> None:
        if self.job is not None:
            self.bar.value = round(_STEPS * self.job.share)
            self.doing.value = "stopping" if self.job.cancel.is_set() else self.job.message

    def _busy(self, busy: bool) -> None:
        self.button.enabled, self.cancel.enabled = not busy, busy
        self.bar.visible = self.doing.visible = busy
        self.bar.value, self.doing.value = 0, ""
        if busy:
            self.timer.start()
        else:
            self.timer.stop()
            self.job = None

    def _ended(self, state: str, found: Any, done: Callable[[Any], None]) -> None:
        self._busy(False)
        if state == "cancelled":
            self.say(["Cancelled."])
        elif state == "error":
            self.say((), error=found)
        else:
            try:
                done(found)
            except HookeError as error:
                self.say((), error=str(error))

    def _failed(self, error: Exception) -> None:
        """Show a bug of hooke's, which napari's window of errors then explains."""
        self._busy(False)
        text = f"unexpected {type(error).__name__}: {error}"
        self.say((), error=text)
        show_error(f"hooke: {text}")


class PanelWidget(Container):  # type: ignore[misc]  # napari hands its viewer to subclasses of widgets only
    """A widget whose fields are those of a panel.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    panel_type: ClassVar[type[Any]]  # given the viewer, and the container of its fields

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(labels=False)
        self.panel = type(self).panel_type(napari_viewer, self)
