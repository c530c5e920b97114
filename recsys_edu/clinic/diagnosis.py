"""The doctor: measures a patient, and names symptom, cause and cure by rules that read the measured figures alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_edu import evaluation
from recsys_edu.clinic.mistakes import Patient
from recsys_edu.data import Ratings
from recsys_edu.metrics import rmse
from recsys_edu.models.biases import Biases
from recsys_edu.recommend import top_n

PAIRS = 512  # that are asked together, and one by one
TRAINING = 20_000  # training ratings that are predicted again

SYMPTOMS = {
    "explodes": "The loss explodes",
    "batch": "A prediction depends on what else is asked",
    "mismatch": "It predicts its own training ratings worse than it learnt them",
    "yes": "It says yes to every film",
    "same": "Everybody gets the same list",
    "future": "It is judged on what it could look up in the future",
    "none": "Nothing of all this",
}


@dataclass(frozen=True)
class Findings:
    """What was measured. None: not to be had of this patient."""

    finite: bool  # loss and predictions
    learnt_rmse: float | None  # √ of the last training loss, in stars
    training_rmse: float | None  # of the same ratings, predicted again
    test_rmse: float | None
    biases_rmse: float | None
    alone: float  # the largest difference of a prediction made alone and among others
    lists: float  # different top-10 lists, as a share of the users
    hit_rate: float
    yes: float | None  # share of pairs that nobody rated with σ(s) above 1/2, of a model that learnt by yes and no
    future: float  # share of test ratings older than a training rating of the same user


@dataclass(frozen=True)
class Diagnosis:
    """`symptom` is a key of SYMPTOMS; `sentence` holds the figures that led to it."""

    symptom: str
    sentence: str
    cause: str
    cure: str


def examine(patient: Patient) -> Findings:
    """Measure all that the rules ask for."""
    model, train, test = patient.model, patient.parts.train, patient.parts.test
    rows = np.random.default_rng(0).permutation(len(test))[:PAIRS]
    u, i = test.user_index[rows], test.item_index[rows]
    together = np.asarray(model.predict_pairs(u, i), "float64")
    one_by_one = np.concatenate([model.predict_pairs(u[k : k + 1], i[k : k + 1]) for k in range(32)])
    finite = bool(np.isfinite(patient.losses).all() and np.isfinite(together).all())
    if not finite:
        return Findings(False, None, None, None, None, 0.0, 1.0, 0.0, None, _future(train, test))
    found = evaluation.evaluate(model, train, test).figures()
    return Findings(
        finite=True,
        **_errors(patient),
        alone=float(np.abs(together[:32] - one_by_one).max()),
        lists=_different_lists(model, train),
        hit_rate=found["hr@10"],
        yes=_yes(patient),
        future=_future(train, test),
    )


def diagnose(findings: Findings) -> Diagnosis:
    """The first rule that holds."""
    return next(made for rule in RULES if (made := rule(findings)) is not None)


def _errors(patient: Patient) -> dict[str, float | None]:
    names = ("learnt_rmse", "training_rmse", "test_rmse", "biases_rmse")
    if patient.ranks:
        return dict.fromkeys(names)
    train, test = patient.parts.train, patient.parts.test
    again = train.take(np.random.default_rng(0).permutation(len(train))[:TRAINING])

    def error(model, part: Ratings) -> float:
        return rmse(part.rating, np.clip(model.predict_pairs(part.user_index, part.item_index), *part.scale))

    model, last = patient.model, patient.losses[-1] ** 0.5
    return dict(
        zip(names, [last, error(model, again), error(model, test), error(Biases().fit(train), test)], strict=True)
    )


def _yes(patient: Patient) -> float | None:
    """Of a model that learnt by cross-entropy, so that its score 0 stands between yes and no."""
    if getattr(patient.model, "loss_name", None) != "bce":
        return None
    seen = patient.parts.train.seen() | patient.parts.test.seen()  # (U, I)
    return float((patient.model.scores(np.arange(len(seen)))[~seen] > 0).mean())


def _different_lists(model, train: Ratings) -> float:
    scores = model.scores(np.arange(train.num_users))
    lists = top_n(scores, np.zeros(scores.shape, bool))  # of all items: what was seen makes lists differ
    return len(np.unique(lists, axis=0)) / train.num_users


def _future(train: Ratings, test: Ratings) -> float:
    """Share of test ratings that are older than the same user's latest training rating."""
    if train.timestamp is None:
        return 0.0
    latest = np.full(train.num_users, -np.inf)
    np.maximum.at(latest, train.user_index, train.timestamp)
    return float((test.timestamp < latest[test.user_index]).mean())


def _explodes(f: Findings) -> Diagnosis | None:
    if f.finite:
        return None
    return Diagnosis(
        "explodes", "The loss or a prediction is no number any more, or a million times too large.",
        "Each step overshoots the valley and lands higher on the other side: the learning rate is too large.",
        "Take a learning rate that is ten times smaller, until the loss falls from the first epoch on.",
    )  # fmt: skip


def _batch(f: Findings) -> Diagnosis | None:
    if f.alone < 1e-3:
        return None
    return Diagnosis(
        "batch", f"The same pair gets another prediction when it is asked alone: up to {f.alone:.2f} apart.",
        "A sum runs over the batch as well as over the dimensions, so that the rows of a batch mix.",
        "Multiply row by row, and sum over axis 1 alone. Test that row k of the output depends on pair k alone.",
    )  # fmt: skip


def _mismatch(f: Findings) -> Diagnosis | None:
    if f.training_rmse is None or f.training_rmse < f.learnt_rmse + 0.15:
        return None
    return Diagnosis(
        "mismatch",
        f"The loss says {f.learnt_rmse:.2f} stars on the training ratings; asked again for the same ones, the model is "
        f"wrong by {f.training_rmse:.2f}.",
        "It learnt well, and is asked for other rows than it learnt: labels, or an index that is off by one.",
        "Translate labels to rows in one place, and check one known pair by hand.",
    )


def _yes_to_all(f: Findings) -> Diagnosis | None:
    if f.yes is None or f.yes < 0.95:
        return None
    return Diagnosis(
        "yes", f"Of the pairs that nobody rated it holds {f.yes:.0%} for chosen. {f.lists:.1%} of the lists differ.",
        "It only saw what people chose. To say yes to everything costs it nothing.",
        "Show it films that the user did not choose as well: negative examples.",
    )  # fmt: skip


def _same(f: Findings) -> Diagnosis | None:
    if f.lists > 0.05:
        return None
    if f.test_rmse is None:
        cause, cure = "The score does not know the user: it counts.", "Use a model that has the user in its score."
    else:
        cause = "No term holds user and film together: r̂ = a(u) + b(i), which orders the films alike for everybody."
        cure = "Let the two vectors meet: in a product, or in a hidden layer with an activation."
    beaten = "" if f.test_rmse is None else f" Its RMSE, {f.test_rmse:.3f}, is that of two biases, {f.biases_rmse:.3f}."
    return Diagnosis("same", f"Different lists: {f.lists:.1%} of the users.{beaten}", cause, cure)


def _future_seen(f: Findings) -> Diagnosis | None:
    if f.test_rmse is not None or f.future < 0.3:
        return None
    return Diagnosis(
        "future", f"{f.future:.0%} of the test ratings are older than a training rating of the same user. "
        f"Hit rate {f.hit_rate:.1%}.",
        "The split was drawn at random, so the model knew what came before and after the film that it should foresee.",
        "Split by time: hold out the latest rating of each user, or all that came after a day.",
    )  # fmt: skip


def _healthy(f: Findings) -> Diagnosis:
    error = "" if f.test_rmse is None else f"Test RMSE {f.test_rmse:.3f}, two biases {f.biases_rmse:.3f}. "
    return Diagnosis(
        "none", f"{error}Different lists: {f.lists:.0%} of the users.",
        "The doctor knows six illnesses. It has none of them.",
        "Compare it with simple models all the same.",
    )  # fmt: skip


RULES = (_explodes, _batch, _mismatch, _yes_to_all, _same, _future_seen, _healthy)
