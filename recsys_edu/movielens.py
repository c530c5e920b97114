"""MovieLens-100K in its two formats, read into one normal form that is the same byte for byte.

GroupLens: `u.data` (user, item, rating, timestamp; tabs), `u.item` (id|title (year)|date||url|19 genre flags;
Latin-1), `u.user` (id|age|gender|occupation|zip). RecBole: `ml-100k.inter`, `.item`, `.user`, tab-separated
with a header, title and year apart, genres as words.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from recsys_edu.cleaning import clean_text
from recsys_edu.errors import DataError

# In the order of the flags in u.item.
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
GROUPLENS = ("u.data", "u.item", "u.user")
RECBOLE = ("ml-100k.inter", "ml-100k.item", "ml-100k.user")
# Where the files are in a zip, a wheel or a folder.
FOLDERS = ("", "ml-100k/", "recbole/dataset_example/ml-100k/")
MAX_MEMBER = 20 * 2**20  # bytes; the largest real one has 2 MB

Reader = Callable[[str], bytes | None]  # name of a member -> its bytes, or None where there is no such member


def read(source: Path | BinaryIO, origin: str) -> dict[str, str]:
    """The normal form of a zip or wheel (its path, or an open file) or of a folder: three texts by file name.

    `ratings.tsv` is GroupLens' u.data, in its order; `items.csv` has item_id, title, year, genres;
    `users.csv` has user_id, age, gender, occupation, zip_code. Nothing is unpacked: only the members named
    above are read. Raises DataError, which names `origin`, if they are not there or in another format.
    """
    if isinstance(source, Path) and source.is_dir():
        return _normalise(lambda name: _member_of_folder(source / name), origin)
    try:
        with zipfile.ZipFile(source) as archive:
            return _normalise(lambda name: _member_of_zip(archive, name), origin)
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise DataError(f"Cannot read {origin} as a zip file: {error}. Give ml-100k.zip or its folder.") from error


def _normalise(member: Reader, origin: str) -> dict[str, str]:
    for names, parse in ((GROUPLENS, _from_grouplens), (RECBOLE, _from_recbole)):
        for folder in FOLDERS:
            parts = [member(folder + name) for name in names]
            if all(part is not None for part in parts):
                return _parsed(parse, parts, origin)
    raise DataError(f"{origin} holds no MovieLens-100K: neither {', '.join(GROUPLENS)} nor {', '.join(RECBOLE)}.")


def split_title(text: str) -> tuple[str, int | None]:
    """Heat (1995) -> ("Heat", 1995). The last four digits in parentheses are the year; what follows is
    dropped.
    """
    found = re.fullmatch(r"(.*)\((\d{4})\).*", text.strip())
    return (clean_text(found[1]), int(found[2])) if found else (clean_text(text), None)


def _parsed(parse: Callable, parts: list[bytes], origin: str) -> dict[str, str]:
    try:
        ratings, items, users = parse(*parts)
        items = pd.DataFrame(items, columns=["item_id", "title", "year", "genres"]).astype({"year": "Int64"})
        users = pd.DataFrame(users, columns=["user_id", "age", "gender", "occupation", "zip_code"])
    except (ValueError, IndexError) as error:
        raise DataError(f"{origin} is not in the format of MovieLens-100K: {error}.") from error
    return {"ratings.tsv": ratings, "items.csv": _csv(items, "item_id"), "users.csv": _csv(users, "user_id")}


def _csv(table: pd.DataFrame, label: str) -> str:
    return table.sort_values(label).to_csv(index=False, lineterminator="\n")


def _from_grouplens(data: bytes, item: bytes, user: bytes) -> tuple[str, list, list]:
    items = []
    for line in item.decode("latin-1").split("\n"):
        if line.strip():
            fields = line.rstrip("\r").split("|")
            flags = zip(GENRES, fields[5:], strict=True)
            genres = [genre for genre, flag in flags if flag == "1"]
            items.append((int(fields[0]), *split_title(fields[1]), "|".join(genres)))
    users = [_user(line.split("|")) for line in user.decode("latin-1").splitlines() if line]
    return data.decode("ascii").replace("\r\n", "\n"), items, users


def _from_recbole(inter: bytes, item: bytes, user: bytes) -> tuple[str, list, list]:
    ratings = inter.decode("ascii").replace("\r\n", "\n").partition("\n")[2]  # without the header
    items = [_recbole_item(line.split("\t")) for line in item.decode("utf-8").splitlines()[1:]]
    users = [_user(line.split("\t")) for line in user.decode("utf-8").splitlines()[1:]]
    return ratings, items, users


def _recbole_item(fields: list[str]) -> tuple[int, str, int | None, str]:
    """RecBole took a title's last parentheses for the year: "(V)" of item 1412, and nothing for item 267."""
    item_id, title, year, genres = fields
    if title == "unkonwn":
        title, year = "unknown", None
    elif year.isdigit():
        year = int(year)
    else:
        title, year = split_title(title)
    return int(item_id), clean_text(title), year, "|".join(sorted(genres.split(), key=GENRES.index))


def _user(fields: list[str]) -> tuple[int, int, str, str, str]:
    user_id, age, gender, occupation, zip_code = fields
    return int(user_id), int(age), gender, occupation, zip_code


def _member_of_folder(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_MEMBER:
        raise DataError(f"{path} is larger than {MAX_MEMBER // 2**20} MiB, so it is not of MovieLens-100K.")
    return path.read_bytes()


def _member_of_zip(archive: zipfile.ZipFile, name: str) -> bytes | None:
    if name not in archive.NameToInfo:
        return None
    if archive.getinfo(name).file_size > MAX_MEMBER:  # a small zip may unpack to gigabytes
        raise DataError(f"{name} in {archive.filename} is too large to be of MovieLens-100K.")
    return archive.read(name)
