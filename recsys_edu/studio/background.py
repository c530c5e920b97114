"""Work of seconds that a page asks for, off the page's thread: it grows result by result, and can be stopped.

For NumPy work alone: what needs TensorFlow goes to the workers (`jobs`). Never imports streamlit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from recsys_edu.errors import RecsysEduError
from recsys_edu.studio.i18n import _

log = logging.getLogger(__name__)
_turns = threading.Semaphore(1)  # one at a time, so that pages stay quick


class Work:
    """`steps` are called one after another in a thread; `results` holds what the first of them gave so far."""

    def __init__(self, steps: Iterable[Callable[[], object]]):
        self._steps = list(steps)
        self.results: list = []
        self.problem = ""  # a sentence, if a step failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="page-work")
        self._thread.start()

    @property
    def total(self) -> int:
        return len(self._steps)

    @property
    def busy(self) -> bool:
        return self._thread.is_alive()

    @property
    def finished(self) -> bool:
        """Whether all steps have given their results."""
        return len(self.results) == self.total

    def stop(self) -> None:
        """End after the step that is under way; what is there stays."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Until it is over, but no longer than so many seconds."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            for step in self._steps:
                with _turns:
                    if self._stop.is_set():
                        return
                    self.results.append(step())
        except RecsysEduError as error:
            self.problem = str(error)
        except Exception:
            log.exception("The work of a page failed")
            self.problem = _("Something unexpected went wrong; the terminal says what. Try it again.")
