import hashlib
import http.server
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from recsys_edu import download, movielens, sources
from recsys_edu.errors import DataError

# Three invented films and the two odd ones of the real set, in both formats.
FILMS = [
    # item_id, title as GroupLens has it, title and year as RecBole has them, title, year, genres
    (1, "Tin Kite, The (Wei Zhi) (1994)", ("Tin Kite, The (Wei Zhi)", "1994"), None, "Action|Comedy"),
    (2, "Café (1901) (1995) ", ("Café (1901)", "1995"), None, "Children's|Film-Noir|War"),
    (3, "Plum Road (1996)", ("Plum Road", "1996"), None, ""),
    (267, "unknown", ("unkonwn", "unkonwn"), ("unknown", ""), "unknown"),
    (
        1412,
        "Land Before Time III: The Time of the Great Giving (1995) (V)",
        ("Land Before Time III: The Time of the Great Giving (1995)", "V"),
        ("Land Before Time III: The Time of the Great Giving", "1995"),
        "Animation|Children's",
    ),
]
RATINGS = "2\t1412\t3\t881250949\n1\t1\t5\t881250950\n1\t3\t1\t881250951\n2\t267\t4\t881250952\n"
USERS = [("1", "24", "M", "technician", "01234"), ("2", "53", "F", "other", "V5A2B")]


def grouplens_files():
    def line(item_id, title, genres):
        flags = "|".join("1" if genre in genres.split("|") else "0" for genre in movielens.GENRES)
        return f"{item_id}|{title}|01-Jan-1995||http://example.org/{item_id}|{flags}\n"

    item = "".join(line(film[0], film[1], film[4]) for film in FILMS)
    user = "".join("|".join(user) + "\n" for user in USERS)
    return {"u.data": RATINGS.encode(), "u.item": item.encode("latin-1"), "u.user": user.encode()}


def recbole_files():
    inter = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + RATINGS
    item = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    for item_id, _, (title, year), _, genres in FILMS:
        item += f"{item_id}\t{title}\t{year}\t{' '.join(reversed(genres.split('|')))}\n"
    user = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    user += "".join("\t".join(user) + "\n" for user in USERS)
    return {f"ml-100k.{kind}": text.encode() for kind, text in (("inter", inter), ("item", item), ("user", user))}


def zipped(files, folder):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return buffer.getvalue()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


ZIP = zipped(grouplens_files(), "ml-100k/")


class Server:
    """Serves ZIP on 127.0.0.1: all of it at /good, half and then silence at /stall, else something else."""

    def __enter__(self):
        self.half_sent, self.release, self.asked = threading.Event(), threading.Event(), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                self.send_response(404 if self.path == "/gone" else 200)
                self.end_headers()
                self.wfile.write({"/good": ZIP, "/stall": ZIP[: len(ZIP) // 2]}.get(self.path, b"other"))
                if self.path == "/stall":
                    self.wfile.flush()
                    outer.half_sent.set()
                    outer.release.wait(60)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self.http.shutdown()
        self.http.server_close()

    def origin(self, path):
        return sources.Origin(
            url=f"http://127.0.0.1:{self.http.server_port}{path}",
            size=len(ZIP),
            sha256=sha256(ZIP),
            wheel_sha256="0" * 64,
            ratings_sha256=sha256(RATINGS.encode()),
        )


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def no_index(monkeypatch, tmp_path):
    """pip and uv find packages in this folder only."""
    folder = tmp_path / "links"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return folder


def make_wheel(folder):
    """A wheel with the little set where recbole has the real one. Returns its checksum."""
    files = {f"recbole/dataset_example/ml-100k/{name}": content for name, content in recbole_files().items()}
    info = "recbole-1.2.1.dist-info/"
    files[info + "METADATA"] = b"Metadata-Version: 2.1\nName: recbole\nVersion: 1.2.1\n"
    files[info + "WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[info + "RECORD"] = "".join(f"{name},,\n" for name in [*files, info + "RECORD"]).encode()
    content = zipped(files, "")
    (folder / "recbole-1.2.1-py3-none-any.whl").write_bytes(content)
    return sha256(content)


def cached(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- the two formats


def test_both_formats_give_the_same_bytes(tmp_path):
    ways = {}
    for kind, files in (("grouplens", grouplens_files()), ("recbole", recbole_files())):
        folder = tmp_path / kind
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        ways[kind] = movielens.read(folder, kind)
        for inside in movielens.FOLDERS:
            packed = io.BytesIO(zipped(files, inside))
            assert movielens.read(packed, kind) == ways[kind]
    assert ways["grouplens"] == ways["recbole"]
    assert ways["grouplens"]["ratings.tsv"] == RATINGS
    assert ways["grouplens"]["users.csv"].splitlines()[1:] == [",".join(user) for user in USERS]
    assert ways["grouplens"]["items.csv"].splitlines() == [
        "item_id,title,year,genres",
        '1,"Tin Kite, The (Wei Zhi)",1994,Action|Comedy',
        "2,Café (1901),1995,Children's|Film-Noir|War",
        "3,Plum Road,1996,",
        "267,unknown,,unknown",
        "1412,Land Before Time III: The Time of the Great Giving,1995,Animation|Children's",
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("u.item", b"1|Film (1994)|x||y|0|1\n", "not in the format"),
        ("u.item", b"one|Film\n", "not in the format"),
        ("u.user", b"1|24|M\n", "not in the format"),
        ("u.data", b"\xff", "not in the format"),
        ("u.user", None, "holds no MovieLens-100K: neither u.data"),
        ("u.data", b"0" * (movielens.MAX_MEMBER + 1), "too large|larger than"),
    ],
)
def test_files_in_another_format(tmp_path, name, content, sentence):
    files = grouplens_files() | {name: content}
    files = {name: content for name, content in files.items() if content is not None}
    with pytest.raises(DataError, match=sentence):
        movielens.read(io.BytesIO(zipped(files, "ml-100k/")), "some.zip")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        movielens.read(tmp_path, str(tmp_path))


def test_a_broken_zip_is_a_sentence(tmp_path):
    for content in (b"no zip", ZIP[:200], ZIP[:60] + bytes(30) + ZIP[90:]):
        path = tmp_path / "ml-100k.zip"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"Cannot read .*ml-100k\.zip"):
            sources.fetch("movielens-100k", path=path, cache=tmp_path, progress=False)
    assert cached(tmp_path).keys() == {"ml-100k.zip"}


# --- the real set


def test_movielens_is_complete(movielens):
    assert (len(movielens), movielens.num_users, movielens.num_items) == (100_000, 943, 1_682)
    assert set(movielens.rating) == {1, 2, 3, 4, 5}
    assert movielens.users["user_id"].tolist() == list(range(1, 944))
    assert movielens.items["item_id"].tolist() == list(range(1, 1683))


def test_movielens_ratings_are_those_of_grouplens(movielens):
    columns = (movielens.user_index + 1, movielens.item_index + 1, movielens.rating, movielens.timestamp)
    lines = zip(*(column.astype(np.int64).tolist() for column in columns), strict=True)
    text = "".join(f"{u}\t{i}\t{r}\t{t}\n" for u, i, r, t in lines)
    assert sha256(text.encode()) == "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"


@pytest.mark.parametrize(
    ("item_id", "title", "year", "genres"),
    [
        (1, "Toy Story", 1995, "Animation|Children's|Comedy"),
        (11, "Seven (Se7en)", 1995, "Crime|Thriller"),
        (127, "Godfather, The", 1972, "Action|Crime|Drama"),
        (267, "unknown", None, "unknown"),
        (1005, "Double vie de Véronique, La (Double Life of Veronique, The)", 1991, "Drama"),
        (1412, "Land Before Time III: The Time of the Great Giving", 1995, "Animation|Children's"),
        (1682, "Scream of Stone (Schrei aus Stein)", 1991, "Drama"),
    ],
)
def test_movielens_films(movielens, item_id, title, year, genres):
    film = movielens.items.iloc[movielens.item_row(item_id)]
    assert (film["title"], film["genres"]) == (title, genres)
    assert movielens.items["year"].isna()[item_id - 1] if year is None else film["year"] == year


def test_movielens_films_have_a_year_and_known_genres(movielens):
    assert movielens.items.loc[movielens.items["year"].isna(), "item_id"].tolist() == [267]
    assert movielens.items["year"].dropna().between(1922, 1998).all()
    found = {genre for genres in movielens.items["genres"] for genre in genres.split("|")}
    assert found == {*sources.movielens.GENRES}


def test_movielens_users(movielens):
    assert movielens.users.columns.tolist() == ["user_id", "age", "gender", "occupation", "zip_code"]
    assert movielens.users["gender"].value_counts().to_dict() == {"M": 670, "F": 273}
    assert movielens.users["occupation"].nunique() == 21
    assert movielens.users["age"].between(7, 73).all()


# --- fetch, verify, cache


def test_fetch_from_grouplens_then_from_the_cache(server, tmp_path, capsys):
    origin = server.origin("/good")
    folder = sources.fetch("movielens-100k", cache=tmp_path, origin=origin)
    assert folder == tmp_path / "movielens-100k"
    assert cached(folder).keys() == {"ratings.tsv", "items.csv", "users.csv", "manifest.json"}
    said = capsys.readouterr()
    assert said.out == ""
    assert "Harper" in said.err
    assert "%" not in said.err  # no progress bar into a pipe
    sources.fetch("movielens-100k", cache=tmp_path, origin=origin)
    assert server.asked == ["/good"]
    assert capsys.readouterr().err == ""
    ratings = sources.load("movielens-100k", cache=tmp_path)
    assert ratings.pairs.tolist() == [[1, 4], [0, 0], [0, 2], [1, 3]]
    assert ratings.items["genres"].tolist()[2:4] == ["", "unknown"]
    assert ratings.users["zip_code"].tolist() == ["01234", "V5A2B"]


@pytest.mark.parametrize("name", ["ratings.tsv", "items.csv", "users.csv", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "nonsense"])
def test_a_damaged_cache_is_fetched_again(server, tmp_path, name, damage, capsys):
    origin = server.origin("/good")
    folder = sources.fetch("movielens-100k", cache=tmp_path, origin=origin, progress=False)
    good = cached(folder)
    path = folder / name
    if damage == "gone":
        path.unlink()
    else:
        content = good[name]
        swapped = {"cut": content[:-9], "changed": content.replace(b"2", b"3"), "nonsense": b"[]"}
        path.write_bytes(swapped[damage])
    sources.fetch("movielens-100k", cache=tmp_path, origin=origin)
    assert cached(folder) == good
    assert server.asked == ["/good", "/good"]
    assert ("cannot be trusted" in capsys.readouterr().err) == ((name, damage) != ("manifest.json", "gone"))


@pytest.mark.parametrize("path", ["/other", "/gone", "/stall"])
def test_where_grouplens_fails_the_wheel_is_taken(server, no_index, tmp_path, path, monkeypatch, capsys):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    origin = replace(server.origin(path), wheel_sha256=make_wheel(no_index))
    folder = sources.fetch("movielens-100k", cache=tmp_path / "a", origin=origin)
    said = capsys.readouterr().err
    reason = {"/other": "wrong checksum", "/gone": "404", "/stall": "timed out"}[path]
    assert f"127.0.0.1:{server.http.server_port}{path}" in said
    assert reason in said
    same = sources.fetch("movielens-100k", cache=tmp_path / "b", origin=server.origin("/good"), progress=False)
    assert cached(folder) == cached(same)


def ways_to_a_wheel():
    yield pytest.param(download._by_own_pip, id="a pip of its own")
    for way in download._ways():
        yield pytest.param(way, id=getattr(way, "__name__", "pip"))


@pytest.mark.parametrize("way", list(ways_to_a_wheel()))
def test_each_way_to_a_wheel(way, no_index, tmp_path):
    checksum = make_wheel(no_index)
    found = way("recbole==1.2.1", checksum, tmp_path / "one")
    assert movielens.read(found, "wheel") == movielens.read(io.BytesIO(ZIP), "zip")
    with pytest.raises(DataError, match=r"checksum|uv failed"):
        way("recbole==1.2.1", "0" * 64, tmp_path / "two")


def test_an_environment_without_pip_and_uv_makes_its_own(monkeypatch):
    monkeypatch.setattr(download, "_has_pip", lambda python: False)
    monkeypatch.setenv("PATH", "")
    assert download._ways() == [download._by_own_pip]


def test_no_network_names_the_ways_out(server, no_index, tmp_path):
    with pytest.raises(DataError) as error:
        sources.fetch("movielens-100k", cache=tmp_path / "cache", origin=server.origin("/gone"), progress=False)
    for part in (
        "Connect this machine to the network",
        "mirror for pip",
        "python -m recsys_edu fetch movielens-100k --path FILE",
        "--data planted works offline",
    ):
        assert part in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "cache").exists()


def test_fetch_from_a_local_path_needs_no_network(tmp_path):
    origin = replace(sources.Origin(), url="http://127.0.0.1:9/", ratings_sha256=sha256(RATINGS.encode()))
    archive, folder = tmp_path / "ml-100k.zip", tmp_path / "unpacked" / "ml-100k"
    archive.write_bytes(ZIP)
    folder.mkdir(parents=True)
    for name, content in grouplens_files().items():
        (folder / name).write_bytes(content.replace(b"\n", b"\r\n"))  # as some tools unpack text
    make_wheel(tmp_path)
    results = []
    for path in (archive, folder, folder.parent, tmp_path / "recbole-1.2.1-py3-none-any.whl"):
        cache = tmp_path / f"cache{len(results)}"
        results.append(cached(sources.fetch("movielens-100k", path, cache, progress=False, origin=origin)))
    assert results == [results[0]] * 4
    with pytest.raises(DataError, match="wrong checksum"):  # a set of that format, but not the real one
        sources.fetch("movielens-100k", path=archive, cache=tmp_path / "real", progress=False)
    with pytest.raises(DataError, match="does not exist"):
        sources.fetch("movielens-100k", path=tmp_path / "none.zip", cache=tmp_path / "real")
    assert not (tmp_path / "real").exists()


KILLED = """
import sys
from recsys_edu.sources import Origin, fetch
fetch("movielens-100k", cache=sys.argv[1], origin=Origin(url=sys.argv[2]))
"""


def test_a_killed_fetch_leaves_nothing_that_is_trusted(server, tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path), server.origin("/stall").url]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        assert server.half_sent.wait(60)
    finally:
        process.kill()
        process.wait()
    assert list(tmp_path.rglob("*")) == []
    folder = sources.fetch("movielens-100k", cache=tmp_path, origin=server.origin("/good"), progress=False)
    assert sources._problem(folder) is None


def test_a_write_cut_short_leaves_nothing_that_is_trusted(server, tmp_path, monkeypatch):
    class PowerCut(BaseException):
        pass

    def cut(*_):
        raise PowerCut

    replaced = os.replace
    for whole_files in range(4):
        cache = tmp_path / str(whole_files)
        steps = iter([replaced] * whole_files + [cut])
        monkeypatch.setattr(os, "replace", lambda *names, steps=steps: next(steps)(*names))
        with pytest.raises(PowerCut):
            sources.fetch("movielens-100k", cache=cache, origin=server.origin("/good"), progress=False)
        monkeypatch.setattr(os, "replace", replaced)
        assert sources._problem(cache / "movielens-100k") is not None
        folder = sources.fetch("movielens-100k", cache=cache, origin=server.origin("/good"), progress=False)
        assert sources._problem(folder) is None


def test_many_fetches_at_once(server, tmp_path):
    def fetch(_):
        folder = sources.fetch("movielens-100k", cache=tmp_path, origin=server.origin("/good"), progress=False)
        return len(sources.load("movielens-100k", cache=tmp_path)), folder

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fetch, range(16))) == {(4, tmp_path / "movielens-100k")}
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_a_sentence(server, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match=r"Cannot write to .*set RECSYS_EDU_DATA"):
        sources.fetch("movielens-100k", cache=tmp_path / "file", origin=server.origin("/good"), progress=False)


# --- names and folders


def test_load_by_name_and_path(tmp_path, planted, capsys):
    assert planted.name == "planted"
    path = tmp_path / "mine.csv"
    path.write_text("user,item,rating\n1,1,1\n2,2,5\n", encoding="utf-8")
    assert sources.load(str(path)).name == "mine"
    assert "2 ratings read, 2 kept" in capsys.readouterr().err
    sources.load(path, progress=False)
    assert capsys.readouterr().err == ""
    with pytest.raises(DataError, match=r"no data set 'movielens'\. Use movielens-100k, planted or the path"):
        sources.load("movielens")
    with pytest.raises(DataError, match="no data set 'movielens' to fetch"):
        sources.fetch("movielens")


def test_known_sets_say_whether_they_are_there(server, tmp_path):
    def ready():
        return {entry["name"]: entry["ready"] for entry in sources.known(tmp_path)}

    assert ready() == {"movielens-100k": False, "planted": True}
    sources.fetch("movielens-100k", cache=tmp_path, origin=server.origin("/good"), progress=False)
    assert ready() == {"movielens-100k": True, "planted": True}
    assert sources.fetch("planted") == sources.planted.FOLDER


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path / "env"))
    assert sources.cache_folder() == tmp_path / "env"
    assert sources.cache_folder(tmp_path) == tmp_path
    monkeypatch.delenv("RECSYS_EDU_DATA")
    assert sources.cache_folder() == sources.planted.FOLDER.parent
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert sources.cache_folder() == tmp_path / ".cache" / "recsys_edu"


def test_loading_is_quick_and_light(movielens):
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        sources.load("movielens-100k")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3
    code = "import sys, recsys_edu.sources; print({'tensorflow', 'keras', 'umap', 'streamlit'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
