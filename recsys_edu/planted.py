"""A data set whose truth is known: invented films and people, ratings from hidden taste vectors.

    r_ui = μ + b_u + b_i + p_u · q_i              what user u truly thinks of film i
    rating = clip(round(r_ui + ε), 1, 5)          what u writes down,   ε ~ N(0, noise²)

Taste k is a genre: p_u[k] says how much u likes it, q_i[k] how much film i has of it. A model that learned
well finds the genres again as clusters of its item vectors. Two dials make it hard: `density` (the share of
the cells of U × I with a rating) and `noise`. `python -m recsys_edu.planted` writes datasets/planted/ anew,
byte for byte.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings, index_ratings, read_items
from recsys_edu.errors import DataError, SettingsError

FOLDER = Path(__file__).resolve().parent.parent / "datasets" / "planted"
SCALE = (1.0, 5.0)
MU = 3.4  # μ, in stars
START = 1_700_000_000  # the first second, in November 2023
YEAR = 365 * 24 * 3600
DEFAULTS = {"density": 0.2, "noise": 0.3, "num_users": 300, "num_items": 200, "num_tastes": 6, "seed": 0}

# genre: words for its titles, as in "The Crimson Compass of Tarn"
WORDS = {
    "Adventure": (
        "Crooked Windward Barefoot Salted Uncharted Amber",
        "Compass Caravan Ferryman Atlas Ridge Kite",
    ),
    "Comedy": (
        "Reluctant Borrowed Sunday Hopeless Polite Striped",
        "Accordion Landlord Waiter Parakeet Umbrella Choir",
    ),
    "Crime": (
        "Unsigned Numbered Second-Hand Nickel Locked Quiet",
        "Ledger Alibi Locksmith Courier Receipt Verdict",
    ),
    "Horror": (
        "Hollow Pale Sunken Whispering Ninth Moth-Eaten",
        "Cellar Orchard Lullaby Mirror Staircase Well",
    ),
    "Romance": ("Tender Unsent Late Lavender Shared Patient", "Postcard Balcony Winter Waltz Ferry Promise"),
    "Sci-Fi": ("Orbital Silicon Cobalt Recursive Zero Distant", "Beacon Archive Colony Signal Garden Engine"),
}
PLACES = (
    *("Tarn", "Velmora", "Ostrell", "Quillhaven", "Brask"),
    *("Isenmoor", "Pellworth", "Dunmarrow", "Saltre", "Kessary"),
)
OCCUPATIONS = ["artist", "cook", "engineer", "farmer", "librarian", "nurse", "student", "teacher"]


@dataclass(frozen=True, eq=False)
class Truth:
    """What the ratings were made from. Rows: user_index or item_index. Columns of p and q: `tastes`."""

    mu: float
    b_u: np.ndarray  # (num_users,)
    b_i: np.ndarray  # (num_items,)
    p: np.ndarray  # (num_users, d)
    q: np.ndarray  # (num_items, d)
    tastes: list[str]  # d genres

    @property
    def r(self) -> np.ndarray:
        """(num_users, num_items): r_ui before noise, rounding and clipping."""
        r = self.mu + self.b_u[:, None] + self.b_i[None, :] + np.einsum("uk,ik->ui", self.p, self.q)
        return np.round(r, 6)  # so that no machine's last bit decides how x.5 is rounded


def generate(
    density: float = 0.2,
    noise: float = 0.3,
    num_users: int = 300,
    num_items: int = 200,
    num_tastes: int = 6,
    seed: int = 0,
) -> tuple[Ratings, Truth]:
    """Ratings with a known truth. The same arguments give the same numbers.

    `noise` is the standard deviation of ε in stars. Who rated what depends on how active the user and how
    popular the film is, not on taste. Ratings stand in the order of their time. Raises SettingsError for
    impossible dials.
    """
    _check(density, noise, num_users, num_items, num_tastes, seed)
    rng = np.random.default_rng(seed)
    tastes = list(WORDS)[:num_tastes]
    items, q = _items(rng, num_items, tastes)
    users, p = _users(rng, num_users, num_tastes)
    b_u, b_i = (np.round(rng.normal(0, 0.35, size), 3) for size in (num_users, num_items))
    truth = Truth(MU, b_u, b_i, p, q, tastes)
    user_index, item_index = _observed(rng, num_users, num_items, round(density * num_users * num_items))
    epsilon = np.round(rng.normal(0, 1, len(user_index)), 3) * noise
    rating = np.clip(np.rint(np.round(truth.r[user_index, item_index] + epsilon, 6)), *SCALE)
    table = pd.DataFrame(
        {
            "user_id": users["user_id"].to_numpy()[user_index],
            "item_id": items["item_id"].to_numpy()[item_index],
            "rating": rating.astype(int),
            "timestamp": _timestamps(rng, user_index, num_users),
        }
    ).sort_values(["timestamp", "user_id", "item_id"], ignore_index=True)
    return index_ratings(table, users, items, "planted", SCALE), truth


def write(folder: Path = FOLDER, **dials) -> None:
    """Generate and write the set as CSV files, with the truth and the dials beside it."""
    dials = DEFAULTS | dials
    ratings, truth = generate(**dials)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in _tables(ratings, truth).items():
        table.to_csv(folder / name, index=False, lineterminator="\n", encoding="utf-8")
    parameters = dials | {"mu": truth.mu, "tastes": truth.tastes}
    text = json.dumps(parameters, indent=2) + "\n"
    (folder / "parameters.json").write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path = FOLDER) -> Ratings:
    """The bundled ratings. Raises DataError if they are missing or damaged."""
    try:
        table = pd.read_csv(folder / "ratings.csv", dtype=np.int64)
        users = pd.read_csv(folder / "users.csv")
        return index_ratings(table, users, read_items(folder / "items.csv"), "planted", SCALE)
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(folder, error) from error


def read_truth(folder: Path = FOLDER) -> Truth:
    """The truth beside the bundled ratings. Raises DataError if it is missing or damaged."""
    try:
        parameters = json.loads((folder / "parameters.json").read_text(encoding="utf-8"))
        users, items = pd.read_csv(folder / "truth_users.csv"), pd.read_csv(folder / "truth_items.csv")
        tastes = parameters["tastes"]
        p, q = users[tastes].to_numpy(), items[tastes].to_numpy()
        return Truth(parameters["mu"], users["b_u"].to_numpy(), items["b_i"].to_numpy(), p, q, tastes)
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(folder, error) from error


def _tables(ratings: Ratings, truth: Truth) -> dict[str, pd.DataFrame]:
    users, items = ratings.users["user_id"], ratings.items["item_id"]
    table = pd.DataFrame(
        {
            "user_id": users.to_numpy()[ratings.user_index],
            "item_id": items.to_numpy()[ratings.item_index],
            "rating": ratings.rating.astype(int),
            "timestamp": ratings.timestamp,
        }
    )
    p, q = (pd.DataFrame(vectors, columns=truth.tastes) for vectors in (truth.p, truth.q))
    p.insert(0, "b_u", truth.b_u)
    q.insert(0, "b_i", truth.b_i)
    return {
        "ratings.csv": table,
        "users.csv": ratings.users,
        "items.csv": ratings.items,
        "truth_users.csv": pd.concat([users, p], axis=1),
        "truth_items.csv": pd.concat([items, q], axis=1),
    }


def _users(rng: np.random.Generator, num_users: int, d: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The users' table and p: a mild opinion on each genre, and one favourite. Age and job tell nothing of
    taste.
    """
    p = rng.normal(0, 0.5, (num_users, d))  # (num_users, d)
    p[np.arange(num_users), rng.integers(d, size=num_users)] += 1.5
    p = np.round(p - p.mean(axis=1, keepdims=True), 3)
    users = pd.DataFrame(
        {
            "user_id": np.arange(1, num_users + 1),
            "age": rng.integers(16, 80, num_users),
            "gender": rng.choice(["F", "M"], num_users),
            "occupation": rng.choice(OCCUPATIONS, num_users),
        }
    )
    return users, p


def _items(rng: np.random.Generator, num_items: int, tastes: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The items' table and q: 1 in the film's genre, and a little of everything. One in six blends two
    genres.
    """
    d = len(tastes)
    first = np.arange(num_items) % d  # genres of equal size
    rng.shuffle(first)
    blends = rng.random(num_items) < 1 / 6
    second = np.where(blends, (first + rng.integers(1, max(d, 2), num_items)) % d, first)
    q = np.round((np.eye(d)[first] * 2 + np.eye(d)[second]) / 3 + rng.normal(0, 0.12, (num_items, d)), 3)
    names = [(tastes[g],) if g == h else (tastes[g], tastes[h]) for g, h in zip(first, second, strict=True)]
    items = pd.DataFrame(
        {
            "item_id": np.arange(1, num_items + 1),
            "title": _titles(rng, [genres[0] for genres in names]),
            "year": pd.array(rng.integers(1960, 2024, num_items), dtype="Int64"),
            "genres": ["|".join(genres) for genres in names],
        }
    )
    return items, q


def _titles(rng: np.random.Generator, genres: list[str]) -> list[str]:
    """An invented title for each film, from the words of its genre; no title twice."""
    heaps = {}
    for genre, (adjectives, nouns) in WORDS.items():
        pairs = [f"{adjective} {noun}" for adjective in adjectives.split() for noun in nouns.split()]
        rng.shuffle(pairs)
        plain = [f"The {pair}" for pair in pairs]
        placed = [f"The {pair} of {place}" for place in PLACES for pair in pairs]
        heaps[genre] = (plain + placed)[::-1]  # popped from the end: the short titles first
    return [heaps[genre].pop() for genre in genres]


def _observed(rng: np.random.Generator, num_users: int, num_items: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n different cells of U × I, likelier for active users and popular films (Gumbel top-n: without
    replacement).
    """
    activity, popularity = rng.normal(0, 0.5, num_users), rng.normal(0, 0.7, num_items)
    key = activity[:, None] + popularity[None, :] + rng.gumbel(size=(num_users, num_items))
    cells = np.argsort(-np.round(key, 6), axis=None, kind="stable")[:n]
    return np.unravel_index(cells, key.shape)


def _timestamps(rng: np.random.Generator, user_index: np.ndarray, num_users: int) -> np.ndarray:
    """Each user joins on some day of a year, and rates within the hundred days after it."""
    joined = rng.integers(YEAR, size=num_users)
    return START + joined[user_index] + rng.integers(100 * 24 * 3600, size=len(user_index))


def _check(density: float, noise: float, num_users: int, num_items: int, num_tastes: int, seed: int) -> None:
    capacity = num_tastes * 36 * 11  # titles
    wrong = [
        (not 0 < density <= 1, f"The density is {density}. Use a share above 0, up to 1."),
        (not 0 <= noise < np.inf, f"The noise is {noise}. Use a number of stars from 0 up."),
        (not 2 <= num_tastes <= len(WORDS), f"{num_tastes} tastes are not possible. Use 2 to {len(WORDS)}."),
        (not 2 <= num_users <= 100_000, f"{num_users} users are not possible. Use 2 to 100,000."),
        (not 2 <= num_items <= capacity, f"{num_items} items are not possible. Use 2 to {capacity:,}."),
        (seed < 0, f"The seed is {seed}. Use a whole number from 0 up."),
        (not density * num_users * num_items >= 1, "This density leaves no rating. Use a higher one."),
    ]
    for is_wrong, sentence in wrong:
        if is_wrong:
            raise SettingsError(sentence)


def _damaged(folder: Path, error: Exception) -> DataError:
    return DataError(
        f"The planted set in {folder} is missing or damaged ({error}). Write it anew: python -m recsys_edu.planted"
    )


if __name__ == "__main__":
    write()
    print(f"Written to {FOLDER}.")
