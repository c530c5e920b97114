r"""A feedback loop: the model learns from choices among what it showed, and shows what it has learnt.

The world is planted: what user u truly thinks of item i, r_ui, is known, and no model sees it. Each round,

    1. the model is fitted on the log: who chose what so far,
    2. every user is shown a list of `places` items that are new to the user,
    3. u chooses `choices` of them without replacement, with P(i) ∝ exp(r_ui / τ), and the choices join the log.

The log starts with items that the user met by chance, some of them shown more than others for no reason of quality.
`explore` is the remedy: that share of the places, on average, goes to new items drawn by chance.
Sources: Chaney, Stewart, Engelhardt, "How Algorithmic Confounding in Recommendation Systems Increases Homogeneity and
Decreases Utility", RecSys 2018; Jiang et al., "Degenerate Feedback Loops in Recommender Systems", AIES 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_edu import beyond_accuracy as beyond
from recsys_edu.challenges import alternating
from recsys_edu.data import Ratings
from recsys_edu.errors import SettingsError
from recsys_edu.models.ease import EASE
from recsys_edu.models.popularity import Popularity
from recsys_edu.planted import Truth
from recsys_edu.recommend import top_n

SHOWS = ("popularity", "ease", "stars", "chance", "truth")


@dataclass(frozen=True)
class World:
    """How a round goes. `temperature` = τ in stars: the smaller, the surer people choose what they like best."""

    rounds: int = 10
    places: int = 10
    choices: int = 2
    temperature: float = 0.5
    explore: float = 0.0
    seed: int = 0

    def __post_init__(self):
        if not 0 <= self.explore <= 1 or not 1 <= self.choices <= self.places or not self.temperature > 0:
            raise SettingsError(
                f"explore = {self.explore}, {self.choices} choices of {self.places} places, τ = {self.temperature}: "
                "use a share from 0 to 1, at most as many choices as places, and a temperature above 0."
            )


def simulate(
    start: Ratings, truth: Truth, show: str, world: World, on_round: Callable[[int], None] | None = None
) -> pd.DataFrame:
    """One row a round: what the lists and the choices look like (`measure`), when `show` makes the lists.

    show: "popularity" and "ease" learn from the log who chose what, "stars" learns factors of the ratings that users
    gave; "chance" draws the lists; "truth" knows r_ui, the best that any model could do. Raises SettingsError for
    another name, or if the items run out."""
    if show not in SHOWS:
        raise SettingsError(f"Nothing shows lists by {show!r}. Choose one of {', '.join(SHOWS)}.")
    if world.rounds * world.choices + start.seen().sum(axis=1).max() + world.places > start.num_items:
        raise SettingsError("The items run out before the rounds do. Use fewer rounds, choices or places.")
    rng, r, log = np.random.default_rng(world.seed), truth.r, start
    rows = []
    for number in range(1, world.rounds + 1):
        lists = explored(ordered(show, log, r, rng, world.places), log.seen(), world.explore, rng)
        chosen = choose(lists, r, world, rng)  # (U, choices)
        rows.append({"round": number} | measure(lists, chosen, r, log.seen()))
        log = join(log, chosen, r)
        if on_round:
            on_round(number)
    return pd.DataFrame(rows)


def ordered(show: str, log: Ratings, r: np.ndarray, rng: np.random.Generator, places: int) -> np.ndarray:
    """The lists, (U, places), of items that are not in the log of the user."""
    if show == "truth":
        scores = r
    elif show == "chance":
        scores = rng.random(r.shape)
    else:
        scores = fitted(show, log).scores(np.arange(log.num_users)) + 1e-6 * rng.random(r.shape)  # ties by chance
    return top_n(scores, log.seen(), places)


def fitted(show: str, log: Ratings):
    """A model that has learnt from the log."""
    if show == "stars":
        return alternating.learn(log, d=4, l2=3.0)
    return (EASE() if show == "ease" else Popularity()).fit(log)


def explored(lists: np.ndarray, seen: np.ndarray, explore: float, rng: np.random.Generator) -> np.ndarray:
    """Each place goes, with probability `explore`, to an item that is neither in the list nor in the log."""
    taken = seen.copy()
    np.put_along_axis(taken, lists, True, axis=1)
    others = top_n(rng.random(seen.shape), taken, lists.shape[1])  # (U, places)
    return np.where((rng.random(lists.shape) < explore) & (others >= 0), others, lists)


def choose(lists: np.ndarray, r: np.ndarray, world: World, rng: np.random.Generator) -> np.ndarray:
    """(U, choices): draws without replacement with P ∝ exp(r / τ), as the largest of r / τ + Gumbel noise."""
    liking = np.take_along_axis(r, lists, axis=1) / world.temperature + rng.gumbel(size=lists.shape)
    best = np.argsort(-liking, axis=1)[:, : world.choices]
    return np.take_along_axis(lists, best, axis=1)


def join(log: Ratings, chosen: np.ndarray, r: np.ndarray) -> Ratings:
    """The log with the choices at its end, and the stars that the users truly mean."""
    users, items = np.repeat(np.arange(len(chosen)), chosen.shape[1]), chosen.ravel()
    return Ratings(
        np.concatenate([log.user_index, users]).astype("int32"),
        np.concatenate([log.item_index, items]).astype("int32"),
        np.concatenate([log.rating, np.clip(np.rint(r[users, items]), *log.scale)]).astype("float32"),
        None,
        log.users,
        log.items,
        log.name,
        log.scale,
    )


def measure(lists: np.ndarray, chosen: np.ndarray, r: np.ndarray, seen: np.ndarray) -> dict[str, float]:
    """gini: of how often items are shown. top_share: of the choices, those that fall on the tenth of the items chosen
    most. alike: how many items two users' lists share, on average, over the places. satisfaction: mean r_ui of the
    choices. regret: how far the best list of new items would lie above the shown one, in mean r_ui."""
    num_items, (users, places) = r.shape[1], lists.shape
    count = np.sort(beyond.exposure(chosen, num_items))[::-1]
    exposure = beyond.exposure(lists, num_items)
    pairs = (exposure * (exposure - 1)).sum() / (users * (users - 1))
    best = np.take_along_axis(r, top_n(r, seen, places), axis=1).mean()
    return {
        "gini": beyond.gini(lists, num_items),
        "top_share": float(count[: num_items // 10].sum() / count.sum()),
        "alike": float(pairs / places),
        "satisfaction": float(np.take_along_axis(r, chosen, axis=1).mean()),
        "regret": float(best - np.take_along_axis(r, lists, axis=1).mean()),
    }
