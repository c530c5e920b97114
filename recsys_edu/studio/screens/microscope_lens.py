"""What the Microscope keeps of one reader: the pair under the lens, the steps made on it so far, and its link.

The lens starts from the weights of the run as they are and never changes the run. Each step is kept, so that going back
shows the very numbers again and computes nothing; only the newest step's weights are kept whole.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

import streamlit as st

from recsys_edu.errors import SettingsError
from recsys_edu.studio import jobs, links, microscope, state
from recsys_edu.studio.i18n import _
from recsys_edu.studio.links import Lesson
from recsys_edu.studio.microscope import Look, Outset

MOST_STEPS = 50  # of a lens: a step of a wide perceptron takes 0.2 MB
SECONDS = 60  # that a page waits for a worker


@dataclass
class Lens:
    """`at` is the step on the screen: looks[at] goes from the weights behind `at` steps to those behind at + 1."""

    token: str  # of the run
    weights: dict | None = field(repr=False)  # the run's, where the lens starts; None: the random start
    outset: Outset
    item_index: int
    looks: list[Look] = field(default_factory=list)
    behind: dict | None = field(default=None, repr=False)  # the weights behind the last of the looks
    at: int = 0

    @property
    def user_index(self) -> int:
        return self.outset.user_index

    @property
    def look(self) -> Look:
        return self.looks[self.at]

    def go(self, steps: int) -> None:
        """Forth, or back where `steps` is negative."""
        self.at = min(max(self.at + steps, 0), MOST_STEPS - 1)

    def focus(self, run) -> None:
        """Have the steps up to `at` made. Where that fails, the lens stays at the last one that was."""
        missing = self.at + 1 - len(self.looks)
        if missing <= 0:
            return
        start = self.behind if self.looks else self.weights
        try:
            looks, behind = asked(run, microscope.look, start, self.user_index, self.item_index, missing)
        except Exception:
            self.at = max(len(self.looks) - 1, 0)
            raise
        self.looks, self.behind = [*self.looks, *looks], behind


def asked(run, function, *arguments):
    """What a worker makes of the function for this run. Raises RecsysEduError."""
    future = jobs.shared().submit(run, function, run.spec, *arguments)
    try:
        return future.result(SECONDS)
    except (TimeoutError, CancelledError):
        future.cancel()
        busy = _("No worker had time for this within {seconds} seconds. Pause other runs, then try again.")
        raise SettingsError(busy.format(seconds=SECONDS)) from None


def start() -> None:
    """At a reader's first visit: the pair, the step and the close-up that the link names, if any. What makes no sense
    is left out and named."""
    if "scope_started" in st.session_state:
        return
    st.session_state["scope_started"] = True
    st.session_state["scope_lens"] = None
    row = links.between(0, 10**9)
    user_index, film = _asked("pair_user", row), _asked("pair_film", row)
    at = _asked("at", links.between(0, MOST_STEPS - 1))
    st.session_state["scope_close"] = _asked("close", links.one_of(["True"])) is not None
    st.session_state["scope_pair"] = None if user_index is None else (user_index, film)
    st.session_state["scope_of_link"] = st.session_state["scope_pair"] is not None
    if at:
        st.session_state["scope_at"] = at


def _asked(name: str, read: Callable):
    """What the link's parameter says; None where it has none, or one that makes no sense."""
    if (text := st.query_params.get(name)) is None:
        return None
    try:
        return read(text)
    except ValueError:
        _tell(links.left_out(name, text))
        return None


def say_problem() -> None:
    if problem := st.session_state.pop("problem", None):
        st.toast(problem, icon=":material/error:", duration="infinite")


def _tell(sentence: str) -> None:
    """Say it on the page, behind what is to be said already."""
    said = [st.session_state.get("problem"), sentence]
    st.session_state["problem"] = " ".join(filter(None, said))


def write_link(run, lens: Lens) -> None:
    """The run, as a link of the Train page has it, the pair and the step under the lens, and the close-up."""
    step = run.until_step if run.working else run.step
    own = {"pair_user": lens.user_index, "pair_film": lens.item_index, "at": lens.at}
    own |= {"close": True} if st.session_state["scope_close"] else {}
    state.show_address(links.to_params(Lesson(run.spec, step)) | {name: str(value) for name, value in own.items()})


def lens_on(run) -> Lens | None:
    """The lens on this run: the one that is there, or a new one where there is none, another run, or another pair was
    chosen. One through which nobody stepped yet moves on to newer weights as soon as the run stands still. None while
    the run still learns what a link asks for. `scope_pair` is the chosen pair (None: the one with the largest error),
    `scope_at` the step that the link names."""
    lens, pair = st.session_state["scope_lens"], st.session_state["scope_pair"]
    mine = lens is not None and lens.token == run.token and (run.working or lens.at > 0 or not outdated(run, lens))
    if mine and pair in (None, (lens.user_index, lens.item_index)):
        return lens
    if run.working and "scope_at" in st.session_state:
        return None
    lens = _new_lens(run, lens.weights if mine else run.state, lens if mine else None, pair)
    st.session_state["scope_lens"] = lens
    return lens


def outdated(run, lens: Lens) -> bool:
    """Whether the run has learnt on since the lens was put on it."""
    return _steps(lens.weights) != _steps(run.state)


def _steps(weights: dict | None) -> int:
    """How many batches these weights have learnt: with the run's settings that says which they are."""
    return 0 if weights is None else int(weights["step"])


def _new_lens(run, weights: dict | None, old: Lens | None, pair: tuple | None) -> Lens:
    train = state.split_of(run.spec).train
    user_index, item_index = pair or (None, None)
    by_link = st.session_state.pop("scope_of_link", False) and pair is not None
    if user_index is not None and user_index not in train.user_index:
        if by_link:
            told = _("The link's user {u} has no rating in the training part; another one is shown.")
            _tell(told.format(u=user_index))
        user_index = item_index = None
    if old is not None and user_index == old.user_index:
        outset = old.outset
    else:
        outset = asked(run, microscope.outset, weights, user_index)
    if by_link and item_index is not None and item_index not in outset.items:
        told = _("The link's user did not rate film {i} in the training part; another one is shown.")
        _tell(told.format(i=item_index))
    if item_index is None or item_index not in outset.items:
        item_index = int(outset.items[0])
    if pair is not None:
        st.session_state["scope_pair"] = (outset.user_index, item_index)
    return Lens(run.token, weights, outset, item_index, at=st.session_state.pop("scope_at", 0))
