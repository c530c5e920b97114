"""The guided tour: its steps, as data, over the real pages.

A step names its page, what to look at, what to guess first, the control that it speaks of (`ring`, a selector), what
the tour does when the reader asks for it (`act`), and how it is known that it was done (`done`), by whomever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recsys_edu.studio import tour_acts as acts
from recsys_edu.studio.i18n import _

TIME_BAR = "[class*=st-key-time_map] >>> .time"


def _nothing() -> None:
    """What is done in the browser (`hand`), or needs nothing to be done."""


def _never() -> bool:
    return False


def _at_once() -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """`page` is the url_path; `seen` is said once it is done. `hand` is done in the browser, as by the reader's own
    hand: {"selector", "value"} moves a slider, {"selector"} presses a button. `waits` is whether something that was
    begun is still on its way; `learnt` whether the step needs a run that has learnt."""

    page: str
    title: str
    text: str
    question: str
    seen: str
    ring: str
    done: Callable[[], bool]
    act: Callable[[], None] = _nothing
    hand: dict | None = None
    waits: Callable[[], bool] = _never
    learnt: bool = True


STEPS = [
    Step(
        "", _("A world whose truth is known"),
        _(
            "300 invented people rate 200 invented films by six hidden tastes, the genres. A model gets the ratings "
            "alone: nobody tells it the genres. This menu chooses those data."
        ),
        _("From who rated what, can anybody find out which films are alike?"),
        _("The planted data are chosen. Every figure that follows is learnt from them, here and now."),
        ".st-key-data", acts.has_planted, acts.use_planted, learnt=False,
    ),
    Step(
        "", _("Press Train"),
        _(
            "Matrix factorisation gives each person and each film a few numbers, random at first. Train moves them, "
            "mini-batch by mini-batch, so that μ + b_u + b_i + p · q comes nearer to the ratings."
        ),
        _("Which of two losses will end lower: that of the ratings it learns from, or that of the held-out ones?"),
        _("It learns. The map on the right is drawn from the films' own numbers, and nothing else."),
        ".st-key-press_train", acts.has_begun, acts.train, learnt=False,
    ),
    Step(
        "", _("Two losses"),
        _(
            "One curve is the error on the ratings that it learns from, the other on ratings that it never saw. Only "
            "the second says what the model is worth."
        ),
        _("Where do the curves part, and why?"),
        _(
            "The training loss is the lower one: the numbers have also learnt some of the noise of single ratings. "
            "The gap between the curves is the price of having seen the answers."
        ),
        ".st-key-loss_curves", acts.has_learnt, acts.train, waits=acts.learns,
    ),
    Step(
        "", _("Ask a film for its neighbours"),
        _("Click a film on the map, or find one by title. Lines lead to the six films with the numbers most like its."),
        _("Of six films drawn by chance, one or two share its genre. How many of its six neighbours will?"),
        _("Read the genres in the list: the model was never told them, and has found them in the ratings."),
        ".st-key-film_map", acts.has_picked, acts.pick_a_film,
    ),
    Step(
        "map", _("Back to the beginning"),
        _("This is the same run's map, with a time machine below it. Drag it to the left, to epoch 0."),
        _("What will the picked film's neighbours be before anything was learnt?"),
        _("At epoch 0 all numbers are random: neighbours by accident, of any genre."),
        TIME_BAR, acts.has_scrubbed, hand={"selector": f"{TIME_BAR} input", "value": 0},
    ),
    Step(
        "map", _("Let it learn again"),
        _("Press play and watch one film. Each film is moved by the people who rated it, and by nothing else."),
        _("In which epochs does the order arise: in the first few, or evenly over all of them?"),
        _("Most of the order comes in the first epochs, as the steep part of the loss curve does."),
        TIME_BAR, acts.is_at_the_end, hand={"selector": f"{TIME_BAR} .play"},
    ),
    Step(
        "you", _("Now you"),
        _("Give stars to three films. All that was learnt stays as it is: only your own vector is fitted to them."),
        _("Give five stars twice within a genre and one star elsewhere: what will your list be full of?"),
        _("Your list and your star on the map follow each rating. Below, each rating's share in r̂ is told in stars."),
        ".st-key-you_stars", acts.has_rated, acts.rate_films,
    ),
    Step(
        "microscope", _("One single step"),
        _("One rating, its prediction r̂, and its error e = r − r̂. Step learns once from this one rating."),
        _("In which direction will r̂ move, and will other predictions move too?"),
        _(
            "r̂ moved towards r. So did predictions for the same person and for the same film: they share a vector "
            "with this pair."
        ),
        ".st-key-scope_step", acts.has_stepped, acts.step, waits=acts.waits_for_workers,
    ),
    Step(
        "compare", _("Race against something simple"),
        _(
            "A model is worth what it adds to a simpler one. Two biases, generous people and good films, race against "
            "matrix factorisation for the same seconds."
        ),
        _("By how much will the tastes lower the error on held-out ratings: a tenth, a third, a half?"),
        _("Compare the column RMSE: the distance between the two is what the tastes were worth, over the biases."),
        ".st-key-race_press", acts.has_raced, acts.race, waits=acts.races,
    ),
    Step(
        "break-it", _("Break it, and predict how"),
        _("A mistake is one line that runs without an error. Choose what you expect of it, then press Run it."),
        _("With Adam(learning_rate=1000), what will a doctor find who is not told of it?"),
        _("Symptom, cause and cure, from measured figures alone. Was it what you predicted?"),
        "[class*=st-key-clinic_guess]", acts.has_broken, acts.break_it, waits=acts.is_examined,
    ),
    Step(
        "world", _("Your turn"),
        _("You have seen a model find the truth. Here you can hide the truth from it: fewer ratings, more noise."),
        _("With how few ratings per user do the tastes still come out?"),
        "",
        ".st-key-world_density", _at_once, learnt=False,
    ),
]  # fmt: skip
LAST = len(STEPS)
