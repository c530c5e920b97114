"""Chapter 3: where a data set comes from. Named sets are fetched once, verified and cached.

ratings = load("movielens-100k")      fetched on first use
ratings = load("planted")             bundled, works offline
ratings = load("my_ratings.csv")      read and cleaned each time
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import re
import secrets
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_edu import movielens, planted
from recsys_edu.cleaning import read_ratings_csv
from recsys_edu.data import Ratings, Split, index_ratings, read_items
from recsys_edu.download import download, wheel_files
from recsys_edu.errors import DataError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Source:
    """A data set by name, as `load` takes it."""

    name: str
    title: str
    description: str
    licence: str
    bundled: bool  # is in the repository, needs no network
    listed: bool = True


@dataclass(frozen=True)
class Origin:
    """Where MovieLens-100K is fetched from, and the checksums that make it trusted."""

    url: str = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
    size: int = 4_924_029  # bytes
    sha256: str = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
    wheel: str = "recbole==1.2.1"
    wheel_sha256: str = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
    ratings_sha256: str = "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"  # of u.data


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="movielens-100k",
            title="MovieLens 100K",
            description="100,000 ratings of 1,682 films by 943 people, with titles, genres, age and job.",
            licence="For research and teaching; may not be passed on, so it is fetched and stays here. Cite: "
            "F. M. Harper, J. A. Konstan (2015), The MovieLens Datasets, ACM TiiS 5(4), 19.",
            bundled=False,
        ),
        Source(
            name="planted",
            title="Planted truth",
            description="12,000 ratings of 200 invented films by 300 invented people with known tastes.",
            licence="MIT, as the rest of this repository.",
            bundled=True,
        ),
    )
}


def known(cache: str | Path | None = None) -> list[dict]:
    """The fields of each Source, and `ready`: can it be loaded without a network? For lists on a screen."""
    return [
        asdict(source) | {"ready": _is_ready(source, cache_folder(cache) / source.name)}
        for source in list(SOURCES.values())
        if source.listed
    ]


def _names() -> str:
    return ", ".join(name for name, source in SOURCES.items() if source.listed)


def _is_ready(source: Source, folder: Path) -> bool:
    manifest = folder / MANIFEST
    return source.bundled or (manifest.is_file() and _is_sound(folder, manifest.stat().st_mtime_ns))


@functools.lru_cache(maxsize=64)
def _is_sound(folder: Path, manifest_time: int) -> bool:
    """Whether the cached files are what their manifest says; looked at once for each manifest."""
    return _problem(folder) is None


def cache_folder(cache: str | Path | None = None) -> Path:
    """Where fetched sets lie: `cache`, $RECSYS_EDU_DATA, the checkout's datasets/, or else ~/.cache."""
    if cache or os.environ.get("RECSYS_EDU_DATA"):
        return Path(cache or os.environ["RECSYS_EDU_DATA"]).expanduser()
    checkout = Path(__file__).resolve().parent.parent / "datasets"
    if os.access(checkout, os.W_OK):
        return checkout
    return Path.home() / ".cache" / "recsys_edu"


def load(name_or_path: str | Path, cache: str | Path | None = None, progress: bool = True) -> Ratings:
    """The ratings of a named data set, fetched if need be, or of a CSV file.

    With `progress`, what takes time or was cleaned is said on stderr. Raises DataError.
    """
    if str(name_or_path) == "planted":
        return planted.read()
    if str(name_or_path) == "movielens-100k":
        return _load_movielens(cache, progress)
    if re.fullmatch("class-[0-9a-f]{8}", str(name_or_path)):
        from recsys_edu.classroom import arena

        return arena.read(str(name_or_path))  # the training part of a Class Challenge
    if str(name_or_path).startswith("upload-"):
        from recsys_edu import uploads

        return uploads.load(str(name_or_path))
    path = Path(name_or_path).expanduser()
    if not path.is_file():
        raise DataError(f"There is no data set {str(name_or_path)!r}. Use {_names()} or the path of a CSV.")
    ratings, report = read_ratings_csv(path)
    _say(progress, *report.sentences())
    return ratings


def split_by_file(ratings: Ratings, path: str | Path, progress: bool = True) -> Split:
    """The test is the ratings of a CSV file; the training part is `ratings`, without those pairs.

    Users and items that only the test has get rows of their own, which nothing is learnt about. Raises
    DataError.
    """
    test, report = read_ratings_csv(path, scale=ratings.scale, to_learn_from=False)
    _say(progress, *report.sentences())
    users, user_index = _joined(ratings.users, test.users, "user_id")
    items, item_index = _joined(ratings.items, test.items, "item_id")
    everything = replace(ratings, users=users, items=items)
    test = replace(
        everything,
        user_index=user_index[test.user_index],
        item_index=item_index[test.item_index],
        rating=test.rating,
        timestamp=test.timestamp,
    )
    in_test = np.isin(_cells(everything), _cells(test))
    if in_test.all():
        raise DataError(f"Every rating of {ratings.name} is in {path} as well: nothing is left to learn from.")
    if in_test.any():
        _say(progress, f"{in_test.sum():,} ratings are in the test file as well; they are not learnt.")
    return Split(everything.take(np.flatnonzero(~in_test)), test, f"tested on {Path(path).name}", np.empty(0, int))


def _joined(table: pd.DataFrame, other: pd.DataFrame, label: str) -> tuple[pd.DataFrame, np.ndarray]:
    """`table` with the rows of `other` that it lacks by label, and for each row of `other` its row there."""
    known = {str(value): row for row, value in enumerate(table[label])}
    new = [str(value) not in known for value in other[label]]
    joined = pd.concat([table, other[new]], ignore_index=True)
    rows = {str(value): row for row, value in enumerate(joined[label])}
    return joined, np.array([rows[str(value)] for value in other[label]], dtype=np.int32)


def _cells(ratings: Ratings) -> np.ndarray:
    """One number for each (user, item) pair."""
    return ratings.user_index.astype(np.int64) * ratings.num_items + ratings.item_index


def fetch(
    name: str,
    path: str | Path | None = None,
    cache: str | Path | None = None,
    progress: bool = True,
    origin: Origin | None = None,
) -> Path:
    """Bring a named data set into the cache, verified, unless it is there; return its folder.

    MovieLens-100K comes from GroupLens, else from the copy in the recbole wheel, by pip through your own
    index; or from `path`: ml-100k.zip, its unpacked folder, or that wheel. All give the same files, byte for
    byte. A fetch that is killed leaves nothing that a later one trusts; two at once do no harm. Raises
    DataError.
    """
    if name not in SOURCES:
        raise DataError(f"There is no data set {name!r} to fetch. Known are: {_names()}.")
    if SOURCES[name].bundled:
        return planted.FOLDER
    origin = origin or Origin()
    folder = cache_folder(cache) / name
    if path is None and (problem := _problem(folder)) is None:
        return folder
    if path is None and (folder / MANIFEST).exists():
        _say(progress, f"The cached {name} cannot be trusted: {problem}. It is fetched again.")
    files = _from_path(Path(path).expanduser(), origin) if path else _from_network(origin, progress)
    _write(folder, files)
    _say(progress, f"{SOURCES[name].title} is in {folder}. {SOURCES[name].licence}")
    return folder


def _from_path(path: Path, origin: Origin) -> dict[str, str]:
    if not path.exists():
        raise DataError(f"{path} does not exist. Give the path of ml-100k.zip or of its unpacked folder.")
    return _verified(movielens.read(path, str(path)), origin, str(path))


def _from_network(origin: Origin, progress: bool) -> dict[str, str]:
    reasons = []
    for read in (_from_grouplens, _from_wheel):
        try:
            return read(origin, progress)
        except DataError as error:
            reasons.append(f"{error}".rstrip("."))
            _say(progress, f"{reasons[-1]}.")
    raise DataError(
        f"MovieLens-100K could not be fetched, neither from GroupLens ({reasons[0]}) nor from the package "
        f"index ({reasons[1]}). Connect this machine to the network, or set a mirror for pip (pip config set "
        "global.index-url URL), or bring ml-100k.zip from another machine and run: "
        "python -m recsys_edu fetch movielens-100k --path FILE. Without any of these, --data planted works "
        "offline."
    )


def _from_grouplens(origin: Origin, progress: bool) -> dict[str, str]:
    _say(progress, f"Fetching MovieLens-100K from {origin.url} ...")
    data = download(origin.url, origin.size, origin.sha256, progress)
    return _verified(movielens.read(io.BytesIO(data), origin.url), origin, origin.url)


def _from_wheel(origin: Origin, progress: bool) -> dict[str, str]:
    _say(progress, f"Fetching the copy of MovieLens-100K in {origin.wheel} from your package index ...")
    with wheel_files(origin.wheel, origin.wheel_sha256) as path:
        return _verified(movielens.read(path, origin.wheel), origin, origin.wheel)


def _verified(files: dict[str, str], origin: Origin, where: str) -> dict[str, str]:
    if _sha256(files["ratings.tsv"].encode()) != origin.ratings_sha256:
        raise DataError(f"The ratings in {where} are not those of MovieLens-100K (wrong checksum). Fetch them anew.")
    return files


def _write(folder: Path, files: dict[str, str]) -> None:
    """Each file whole or not at all, the manifest last: without it nothing in the folder is trusted."""
    contents = {name: text.encode() for name, text in files.items()}
    manifest = {name: _sha256(data) for name, data in contents.items()}
    contents[MANIFEST] = json.dumps(manifest, indent=2).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            _write_whole(folder / name, data)
    except OSError as error:
        raise DataError(
            f"Cannot write to {folder}: {error.strerror or error}. Make room there, or set RECSYS_EDU_DATA "
            "to a folder that can be written."
        ) from error


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # or a power cut may leave the name without the bytes
    try:
        os.replace(part, path)
    except PermissionError:  # Windows, while another process reads the file: it may have written the same
        part.unlink()
        if path.read_bytes() != data:
            raise


def _read_cache(folder: Path) -> dict[str, bytes]:
    """The cached files. Raises ValueError or OSError if one is missing or not what the manifest says."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    contents = {name: (folder / name).read_bytes() for name in ("ratings.tsv", "items.csv", "users.csv")}
    for name, data in contents.items():
        if not isinstance(manifest, dict) or manifest.get(name) != _sha256(data):
            raise ValueError(f"{name} was changed or cut short")
    return contents


def _problem(folder: Path) -> str | None:
    try:
        _read_cache(folder)
    except (OSError, ValueError) as error:
        return str(error)
    return None


def _load_movielens(cache: str | Path | None, progress: bool) -> Ratings:
    folder = cache_folder(cache) / "movielens-100k"
    try:
        contents = _read_cache(folder)
    except (OSError, ValueError):
        contents = _read_cache(fetch("movielens-100k", cache=cache, progress=progress))
    columns = ["user_id", "item_id", "rating", "timestamp"]
    table = pd.read_csv(io.BytesIO(contents["ratings.tsv"]), sep="\t", names=columns)
    users = pd.read_csv(io.BytesIO(contents["users.csv"]), dtype={"zip_code": str}, keep_default_na=False)
    items = read_items(io.BytesIO(contents["items.csv"]))
    return index_ratings(table, users, items, name="movielens-100k", scale=(1.0, 5.0))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _say(progress: bool, *sentences: str) -> None:
    if progress:
        for sentence in sentences:
            print(sentence, file=sys.stderr)
