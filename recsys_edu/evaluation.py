r"""Chapter 3, step 5: one model judged on one test part, user by user, and two models judged against each other.

`evaluate` keeps a value for each user, not only the mean: so a figure gets an interval, and two models that were
judged on the same users are compared user by user, which sees differences that the two intervals would hide.

What has no answer: users without a test rating do not count. A model that ranks and predicts no stars
(`predicts_ratings` is False) has no RMSE and no MAE: None. An empty test part is an error. With k beyond the catalogue
the last places stay empty. A user who has seen all but the test items gets those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recsys_edu import beyond_accuracy, intervals, metrics
from recsys_edu.data import Ratings
from recsys_edu.errors import DataError
from recsys_edu.recommend import top_n


@dataclass(frozen=True)
class Figure:
    """finish( Σ_u x_u / Σ_u w_u ). `x`, `w`: names of per-user arrays; w None: w_u = 1."""

    x: str
    w: str | None = None
    finish: Callable[[np.ndarray], np.ndarray] = np.asarray


def _figures(k: int) -> dict[str, Figure]:
    """Every figure that has a value for each user, by the name that it is printed with."""
    errors = {
        "test_rmse": Figure("squared_error", "ratings", np.sqrt),
        "test_mae": Figure("absolute_error", "ratings"),
    }
    means = {f"{name}@{k}": Figure(name) for name in [*metrics.PER_USER, "novelty", "diversity"]}
    return errors | means | {f"popularity@{k}": Figure("popularity", "profile_popularity", lambda ratio: ratio - 1)}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found. `per_user`: arrays of one length n that share the order of `per_user["users"]`, user_index
    ascending; float64 but for `users`:

        ratings, squared_error, absolute_error        number of test ratings, Σ (r − r̂)², Σ |r − r̂| over them
        hr, recall, precision, ndcg, mrr, map         of the list of k
        novelty, diversity                            of the list, NaN where it has no answer
        popularity, profile_popularity                mean n_i of the list and of the user's training ratings

    The two errors are missing if the model predicts no ratings. `catalogue`: coverage@k, gini@k and tied@k, which exist
    only for all lists together."""

    k: int
    per_user: dict[str, np.ndarray]
    catalogue: dict[str, float]

    def figures(self) -> dict[str, float | None]:
        """Every figure by its name; None where it has no answer.

        popularity@k is the popularity lift: mean n_i of the lists over mean n_i of the profiles, less 1; 0 means that
        lists are as popular as what users chose themselves. Source: Abdollahpouri et al., "The Connection Between
        Popularity Bias, Calibration, and Fairness in Recommendation", RecSys 2020.
        tied@k is the share of lists in which equal scores decided who is in or who comes first (`evaluate`)."""
        names, x, w = _columns(self.per_user, self.k)
        ratio = intervals.ratio(x.sum(axis=0), w.sum(axis=0))
        found = dict(zip(names, _finish(ratio[None], names, self.k)[0].tolist(), strict=True)) | self.catalogue
        answers = {name: found.get(name, np.nan) for name in [*_figures(self.k), *self.catalogue]}
        return {name: None if np.isnan(value) else value for name, value in answers.items()}

    def intervals(
        self, level: float = 0.95, resamples: int = 1000, seed: int = 0
    ) -> dict[str, tuple[float, float] | None]:
        """Bootstrap intervals over users of every figure but the catalogue's: name -> (low, high), None as above."""
        names, x, w = _columns(self.per_user, self.k)
        samples = _finish(intervals.bootstrap_ratios(x, w, resamples, seed), names, self.k)  # (resamples, m)
        answered = w.any(axis=0)
        found = dict.fromkeys(_figures(self.k))
        bounds = intervals.percentile_interval(samples[:, answered], level).T  # (m, 2)
        return found | {n: tuple(b) for n, b in zip(np.array(names)[answered].tolist(), bounds.tolist(), strict=True)}


@dataclass(frozen=True)
class Difference:
    """Figure of model a minus that of model b, on the same users; its interval; the p-value of 'they are alike'."""

    difference: float
    low: float
    high: float
    p: float
    users: int


def paired(
    a: Mapping[str, np.ndarray],
    b: Mapping[str, np.ndarray],
    k: int = 10,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare two models by their `per_user` arrays (of two Evaluations, or stored ones), for each figure that both
    have: name -> Difference, from a bootstrap and a sign-flip test over users (`intervals`). With many models or
    figures some p fall below 0.05 by chance: ask one question, or multiply p by the number of questions (Bonferroni).

    Raises DataError if the two were not judged on the same users and ratings."""
    if not all(np.array_equal(a[name], b[name]) for name in ("users", "ratings")):
        raise DataError("The two models were not judged on the same test ratings. Evaluate both on the same split.")
    both = a.keys() & b.keys()
    names, xa, wa = _columns({name: a[name] for name in a if name in both}, k)
    _, xb, wb = _columns({name: b[name] for name in a if name in both}, k)
    answered = (wa > 0) & (wb > 0)  # (n, m): a user counts where both models have an answer
    (xa, wa), (xb, wb) = ((np.where(answered, part, 0) for part in pair) for pair in ((xa, wa), (xb, wb)))
    samples = [_finish(intervals.bootstrap_ratios(x, w, resamples, seed), names, k) for x, w in ((xa, wa), (xb, wb))]
    whole = [_finish(intervals.ratio(x.sum(axis=0), w.sum(axis=0))[None], names, k)[0] for x, w in ((xa, wa), (xb, wb))]
    p = intervals.sign_flip_p(xa - xb, seed=seed)
    users, result = answered.sum(axis=0), {}
    for j in np.flatnonzero(users):
        low, high = intervals.percentile_interval(samples[0][:, [j]] - samples[1][:, [j]], level)[:, 0].tolist()
        result[names[j]] = Difference(float(whole[0][j] - whole[1][j]), low, high, float(p[j]), int(users[j]))
    return result


def evaluate(model, train: Ratings, test: Ratings, k: int = 10, tie_seed: int | None = None) -> Evaluation:
    """Judge a model with `scores`, and `predict_pairs` unless its `predicts_ratings` is False, on `test`, which it must
    not have seen. Predictions are clipped to the rating scale for RMSE and MAE: nobody can give 5.3 stars.

    Equal scores go to the lower item_index. That is no neutral rule: in MovieLens-100K low rows are popular films, so
    that the same score for every film gets NDCG@10 0.069 (random split, seed 0) where lists drawn by chance get 0.014
    and Biases 0.056. tied@k gives it away: 1.0. `tie_seed` breaks ties by chance instead, for each user anew.

    Raises DataError if test ratings stand in the training part, if there are none, or if a prediction is no number."""
    check_parts(train, test)
    users = np.unique(test.user_index)
    top, tied = _lists(np.asarray(model.scores(users)), train.seen()[users], k, tie_seed)
    relevant = test.seen()[users]
    per_user = {"users": users, "ratings": np.bincount(test.user_index)[users].astype("float64")}
    if getattr(model, "predicts_ratings", True):
        per_user |= _errors(model, train, test, users)
    per_user |= {name: metric(top, relevant) for name, metric in metrics.PER_USER.items()}
    catalogue = {
        f"coverage@{k}": beyond_accuracy.coverage(top, train.num_items),
        f"gini@{k}": beyond_accuracy.gini(top, train.num_items),
        f"tied@{k}": float(tied.mean()),
    }
    return Evaluation(k, per_user | _beyond_accuracy(top, train, users), catalogue)


def check_parts(train: Ratings, test: Ratings) -> None:
    """Raises DataError for an empty test part, and for one that is no honest test (`check_no_leak`)."""
    if not len(test):
        raise DataError("There is no rating to be judged by: the test part is empty.")
    check_no_leak(train, test)


def check_no_leak(train: Ratings, test: Ratings) -> None:
    """Raises DataError, naming the first shared pair, if a (user, item) of the test stands in the training part too,
    whatever its rating there; also if the two parts are not of one data set."""
    if (train.num_users, train.num_items) != (test.num_users, test.num_items):
        raise DataError(f"{train!r} and {test!r} are not two parts of one data set. Split one data set in two.")
    pair_of_train, pair_of_test = (
        part.user_index.astype("int64") * part.num_items + part.item_index for part in (train, test)
    )
    shared = np.flatnonzero(np.isin(pair_of_test, pair_of_train))
    if len(shared):
        u, i = test.user_index[shared[0]], test.item_index[shared[0]]
        raise DataError(
            f"{len(shared):,} of {len(test):,} test ratings stand in the training part too; the first is of user "
            f"{test.users['user_id'].iloc[u]} and item {test.items['item_id'].iloc[i]}. A model would be praised for "
            "what it was told. Split the data anew, with each pair in one part only."
        )


def _lists(scores: np.ndarray, seen: np.ndarray, k: int, tie_seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The top-k lists, (users, k), and which of them equal scores had a say in, (users,) bool."""
    if tie_seed is None:
        top = top_n(scores, seen, k + 1)  # (users, k + 1): and who comes next
    else:
        rows = np.tile(np.arange(scores.shape[1]), (len(scores), 1))  # (users, num_items)
        order = np.random.default_rng(tie_seed).permuted(rows, axis=1)
        place = top_n(np.take_along_axis(scores, order, axis=1), np.take_along_axis(seen, order, axis=1), k + 1)
        top = np.where(place >= 0, np.take_along_axis(order, np.maximum(place, 0), axis=1), -1)
    value = np.take_along_axis(scores, np.maximum(top, 0), axis=1)
    tied = ((value[:, 1:] == value[:, :-1]) & (top[:, 1:] >= 0)).any(axis=1)
    return top[:, :k], tied


def _errors(model, train: Ratings, test: Ratings, users: np.ndarray) -> dict[str, np.ndarray]:
    """Σ (r_ui − r̂_ui)² and Σ |r_ui − r̂_ui| over each user's test ratings."""
    predicted = np.asarray(model.predict_pairs(test.user_index, test.item_index), "float64")
    if np.isnan(predicted).any():
        u = test.user_index[np.isnan(predicted).argmax()]
        raise DataError(
            f"A prediction for user {test.users['user_id'].iloc[u]} is not a number. "
            "Did the training diverge? Try a learning rate ten times smaller."
        )
    error = test.rating.astype("float64") - np.clip(predicted, *train.scale)
    return {
        "squared_error": np.bincount(test.user_index, weights=error**2)[users],
        "absolute_error": np.bincount(test.user_index, weights=np.abs(error))[users],
    }


def _beyond_accuracy(top: np.ndarray, train: Ratings, users: np.ndarray) -> dict[str, np.ndarray]:
    n = beyond_accuracy.popularity_of(train)
    return {
        "novelty": beyond_accuracy.novelty_per_user(top, n, train.num_users),
        "diversity": beyond_accuracy.diversity_per_user(top, beyond_accuracy.genre_vectors(train)),
        "popularity": beyond_accuracy.popularity_per_user(top, n),
        "profile_popularity": beyond_accuracy.profile_popularity(train, users),
    }


def _columns(per_user: Mapping[str, np.ndarray], k: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The m figures that these arrays have: their names, x (n, m) and w (n, m), both 0 where a user has no answer."""
    kept = {name: figure for name, figure in _figures(k).items() if figure.x in per_user}
    x = np.stack([per_user[figure.x] for figure in kept.values()], axis=1)
    w = np.stack([per_user[figure.w] if figure.w else np.ones(len(x)) for figure in kept.values()], axis=1)
    answered = ~np.isnan(x) & ~np.isnan(w)
    return list(kept), np.where(answered, x, 0), np.where(answered, w, 0)


def _finish(ratio: np.ndarray, names: list[str], k: int) -> np.ndarray:
    """ratio (..., m) as figures."""
    figures = _figures(k)
    return np.stack([figures[name].finish(ratio[:, j]) for j, name in enumerate(names)], axis=1)
