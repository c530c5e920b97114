"""A run that was learnt before the lesson: its curve, maps and some users' scores, epoch by epoch, in one .npz file.

`record` learns it (TensorFlow and UMAP are imported there), `write` and `read` keep it, for a machine that is too slow
to train. A recording comes from anywhere: nothing in it is unpickled, names no file, or is larger than the bounds
below; `read` raises a DataError, a sentence, for whatever is not a sound recording.
"""

from __future__ import annotations

import datetime
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from recsys_edu import sources
from recsys_edu.embedding_map import REACH, Frame, as_int16, next_frame
from recsys_edu.errors import DataError, RecsysEduError, SettingsError
from recsys_edu.models import Settings, default_settings

VERSION = 1
SUFFIX = ".npz"
BUNDLED = Path(__file__).resolve().parents[1] / "datasets" / "planted"
MOST_FILE_BYTES, MOST_BYTES = 64_000_000, 256_000_000  # of the file; of what comes out of it
MOST_HEADER = 20_000  # characters
MOST_FRAMES, MOST_POINTS = 1_001, 100_000
POINTS_PER_EPOCH = 8
USERS = 10  # whose scores are kept: the first of the data set
METHODS = ("pca", "umap")
SPLITS = ("random", "last", "time")
KINDS = {
    "step": "int32", "train": "float32", "end_step": "int32", "validation": "float32", "frame_step": "int32",
    "method": "uint8", "kept": "float32", "positions": "int16", "vectors": "float16", "scale": "float32",
    "scores": "float16",
}  # fmt: skip
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Recorded:
    """A sound recording. `arrays`, with k points, E epochs, F maps of n films in d dimensions and m users:

    step, train (k,): mini-batches learnt, mean loss since the point before; end_step, validation (E,): the ends of
    epochs, the loss on the held-out part, NaN where it was not judged; frame_step, method, kept (F,), positions
    (F, n, 2): the maps as the screens get them; vectors (F, n, d) times scale (F,): the item vectors; scores (F, m, n):
    r̂ or s of the first m users for every film."""

    data: str
    how: str
    settings: Settings
    loss: str  # its name
    recorded: str  # a date
    steps_per_epoch: int
    examples: int  # of an epoch
    arrays: Arrays = field(repr=False)

    @property
    def last_step(self) -> int:
        return int(self.arrays["frame_step"][-1])

    def frame(self, place: int) -> Frame:
        a = self.arrays
        flat = a["positions"][place].astype("float32") / np.float32(32767 / REACH)
        return Frame(flat, METHODS[a["method"][place]], float(a["kept"][place]))

    def vectors(self, place: int) -> np.ndarray:
        """(n, d) float32."""
        return self.arrays["vectors"][place].astype("float32") * self.arrays["scale"][place]

    def scores(self, place: int, user_index: int) -> np.ndarray | None:
        """(n,) float32; None for a user whose scores were not kept."""
        scores = self.arrays["scores"][place]
        return scores[user_index].astype("float32") if user_index < len(scores) else None


def record(settings: Settings, parts, data: str, how: str, method: str = "umap", on_epoch=None) -> Recorded:
    """Learn a run of `parts`, the data set `data` split as `how` says, and keep what the studio would show of it.

    `on_epoch` is called with each epoch's event. Raises SettingsError for a run that fails, or is too long."""
    from recsys_edu import training
    from recsys_edu.events import BatchEvent, EpochEvent, FailedEvent
    from recsys_edu.models import num_examples

    if settings.epochs >= MOST_FRAMES:
        raise SettingsError(f"A recording has at most {MOST_FRAMES - 1:,} epochs, not {settings.epochs:,}.")
    trainer = training.trainer(settings, parts.train, parts.test)
    users, columns = np.arange(min(USERS, parts.train.num_users)), {name: [] for name in KINDS}
    frame = _keep_frame(columns, trainer, None, "pca", users)
    for event in trainer.events(None, max(1, trainer.steps_per_epoch // POINTS_PER_EPOCH)):
        if isinstance(event, BatchEvent):
            _append(columns, step=event.step, train=event.train_loss)
        elif isinstance(event, FailedEvent):
            raise SettingsError(f"{event.reason} {event.advice}")
        elif isinstance(event, EpochEvent):
            judged = event.validation_ndcg if event.validation_mse is None else event.validation_mse
            _append(columns, end_step=trainer.step, validation=np.nan if judged is None else judged)
            frame = _keep_frame(columns, trainer, frame, method, users)
            if on_epoch is not None:
                on_epoch(event)
    arrays = {name: np.array(values, KINDS[name]) for name, values in columns.items()}
    today = datetime.date.today().isoformat()
    return Recorded(
        data, how, settings, trainer.model.loss_name, today, trainer.steps_per_epoch,
        num_examples(settings, parts.train), arrays,
    )  # fmt: skip


def _keep_frame(columns: dict, trainer, before: Frame | None, method: str, users: np.ndarray) -> Frame:
    vectors = trainer.model.item_vectors()
    frame = next_frame(vectors, before, method, trainer.settings.seed)
    scale = float(np.abs(vectors).max()) or 1.0
    _append(
        columns, frame_step=trainer.step, method=METHODS.index(frame.method), kept=frame.kept,
        positions=as_int16(frame.positions), vectors=vectors / scale, scale=scale, scores=trainer.model.scores(users),
    )  # fmt: skip
    return frame


def _append(columns: dict, **values) -> None:
    for name, value in values.items():
        columns[name].append(value)


def write(recorded: Recorded, path: Path) -> None:
    """Raises DataError."""
    header = {
        "version": VERSION, "data": recorded.data, "split": recorded.how, "settings": asdict(recorded.settings),
        "loss": recorded.loss, "recorded": recorded.recorded, "steps_per_epoch": recorded.steps_per_epoch,
        "examples": recorded.examples,
    }  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(file, header=np.array(json.dumps(header)), **recorded.arrays)
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}. Make room there, or name another.") from error


def read(path: Path) -> Recorded:
    """Raises DataError for a file that is not a sound recording."""
    try:
        header, arrays = _load(path)
        return _checked(header, arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise DataError(
            f"{path.name} cannot be played: {_reason(error)}. Record it anew: python -m recsys_edu record"
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, _UnsoundError | RecsysEduError):
        return str(error).rstrip(".")
    return "it is damaged, or no recording"


class _UnsoundError(ValueError):
    """Its message says what is wrong with a recording."""


def _load(path: Path) -> tuple[dict, Arrays]:
    """What is in the file, if it is small enough; a bomb of zeros is not unpacked."""
    if path.stat().st_size > MOST_FILE_BYTES:
        raise _UnsoundError(f"it is larger than {MOST_FILE_BYTES / 1e6:.0f} MB")
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
            raise _UnsoundError(f"what is in it is larger than {MOST_BYTES / 1e6:.0f} MB")
    with np.load(path, allow_pickle=False) as file:
        if set(file.files) != {"header", *KINDS}:
            raise _UnsoundError("it does not hold what a recording holds")
        text = file["header"]
        if text.dtype.kind != "U" or text.ndim or text.dtype.itemsize > 4 * MOST_HEADER:
            raise _UnsoundError("its header is no text")
        return json.loads(text.item()), {name: file[name] for name in KINDS}


def _checked(header: dict, a: Arrays) -> Recorded:
    if not isinstance(header, dict) or header.get("version") != VERSION:
        raise _UnsoundError("it was written by another version of the kit")
    data, how = str(header["data"]), str(header["split"])
    if data not in sources.SOURCES or how not in SPLITS:
        raise _UnsoundError("its data set or split is not known here")
    settings = _settings(header["settings"])
    steps, examples = int(header["steps_per_epoch"]), int(header["examples"])
    if not 1 <= steps <= examples <= 10**9 or steps != -(-examples // settings.batch_size):
        raise _UnsoundError("its numbers of examples and batches do not fit")
    _check_arrays(a, steps * settings.epochs)
    return Recorded(data, how, settings, str(header["loss"])[:40], str(header["recorded"])[:10], steps, examples, a)


def _settings(fields: dict) -> Settings:
    if not isinstance(fields, dict) or len(fields) > 20:
        raise _UnsoundError("its settings are none")
    known = {name: fields[name] for name in Settings.__dataclass_fields__ if name in fields}
    options = dict(known.pop("options", ()))
    whole = ("embedding_dim", "batch_size", "epochs", "seed")
    if any(isinstance(known[n], bool) or not isinstance(known[n], int) for n in whole if n in known):
        raise _UnsoundError("its settings are none")
    settings = default_settings(known.pop("model"), **known, **options)
    if not settings.card.by_gradient:
        raise _UnsoundError("its model is not learnt in steps")
    return settings


def _check_arrays(a: Arrays, last_step: int) -> None:
    """Kinds, shapes, order and bounds of all arrays."""
    if any(a[name].dtype != np.dtype(kind) for name, kind in KINDS.items()):
        raise _UnsoundError("its numbers are of other kinds")
    points, ends, frames = (a[name].shape for name in ("step", "end_step", "frame_step"))
    if any(len(shape) != 1 for shape in (points, ends, frames)) or a["vectors"].ndim != 3 or a["scores"].ndim != 3:
        raise _UnsoundError("its arrays have other shapes")
    n, d = a["vectors"].shape[1:]
    wanted = {
        "train": points, "validation": ends, "method": frames, "kept": frames, "scale": frames,
        "positions": (*frames, n, 2), "vectors": (*frames, n, d), "scores": (*frames, a["scores"].shape[1], n),
    }  # fmt: skip
    if any(a[name].shape != shape for name, shape in wanted.items()):
        raise _UnsoundError("its arrays have other shapes")
    if not (1 <= frames[0] <= MOST_FRAMES and points[0] <= MOST_POINTS and n >= 2 and d >= 1):
        raise _UnsoundError("it is empty, or too long")
    for name in ("step", "end_step", "frame_step"):
        steps = a[name].astype("int64")
        if len(steps) and (steps[0] < 0 or steps[-1] > last_step or (np.diff(steps) <= 0).any()):
            raise _UnsoundError("its steps are out of order")
    if (a["method"] >= len(METHODS)).any() or not all(np.isfinite(a[n]).all() for n in ("vectors", "scale", "scores")):
        raise _UnsoundError("its numbers make no sense")


def found() -> dict[str, Path]:
    """The recordings that lie here, by a name to show: those of the reader, then what the kit brings."""
    own = sorted((sources.cache_folder() / "recordings").glob(f"*{SUFFIX}"))
    return {path.stem: path for path in (*sorted(BUNDLED.glob(f"*{SUFFIX}")), *own)}


def default_path(data: str, model: str) -> Path:
    return sources.cache_folder() / "recordings" / f"{data}-{model}{SUFFIX}"
