"""A recording holds what was learnt, and whatever else comes as one is refused with a sentence."""

import io
import json
import zipfile

import numpy as np
import pytest

from recsys_edu import cli, recording
from recsys_edu.errors import DataError
from recsys_edu.models import default_settings

EPOCHS, N, D, USERS = 3, 20, 4, 2


def made(**changes):
    """A small sound recording, some of its arrays changed."""
    settings = default_settings("mf", embedding_dim=D, epochs=EPOCHS, batch_size=100)
    ends = np.arange(1, EPOCHS + 1, dtype="int32") * 4
    frames = np.concatenate([[0], ends]).astype("int32")
    rng = np.random.default_rng(0)
    arrays = {
        "step": np.arange(1, 13, dtype="int32"), "train": np.linspace(1, 0.5, 12, dtype="float32"),
        "end_step": ends, "validation": np.array([0.9, 0.8, 0.7], "float32"), "frame_step": frames,
        "method": np.array([0, 1, 1, 1], "uint8"), "kept": np.full(4, 0.3, "float32"),
        "positions": rng.integers(-32767, 32767, (4, N, 2)).astype("int16"),
        "vectors": rng.normal(size=(4, N, D)).astype("float16"), "scale": np.ones(4, "float32"),
        "scores": rng.normal(3, 1, (4, USERS, N)).astype("float16"),
    }  # fmt: skip
    return recording.Recorded("planted", "random", settings, "mse", "2026-01-02", 4, 400, arrays | changes)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.npz"


def test_what_was_written_is_read_again(path):
    one = made()
    recording.write(one, path)
    again = recording.read(path)
    assert (again.settings, again.data, again.how, again.loss) == (one.settings, "planted", "random", "mse")
    assert again.last_step == 12
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)
    frame = again.frame(1)
    assert frame.method == "umap"
    np.testing.assert_array_equal(recording.as_int16(frame.positions), one.arrays["positions"][1])
    assert again.scores(0, 1).shape == (N,)
    assert again.scores(0, USERS) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"method": np.array([0, 1, 2, 1], "uint8")},  # no such method
        {"positions": np.zeros((4, N, 3), "int16")},
        {"positions": np.zeros((4, N, 2), "float64")},
        {"vectors": np.full((4, N, D), np.nan, "float16")},
        {"vectors": np.zeros((4, 1, D), "float16")},
        {"scores": np.full((4, USERS, N), np.inf, "float16")},
        {"step": np.arange(12, 0, -1).astype("int32")},  # backwards
        {"step": np.arange(10**6, 10**6 + 12).astype("int32")},  # beyond the end
        {"end_step": np.array([4, 8], "int32")},
        {"frame_step": np.array([-4, 4, 8, 12], "int32")},
        {"train": np.array(["a"] * 12)},
        {"scale": np.ones((4, 4), "float32")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_unsound_arrays_are_a_sentence(path, changes):
    recording.write(made(**changes), path)
    with pytest.raises(DataError, match=r"some\.npz cannot be played: .*\. Record it anew"):
        recording.read(path)


def with_header(path, change):
    """The file, its header changed."""
    recording.write(made(), path)
    with np.load(path) as file:
        members = {name: file[name] for name in file.files}
    header = json.loads(members["header"].item())
    members["header"] = np.array(json.dumps(change(header)))
    np.savez_compressed(path, **members)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header | {"version": 99},
        lambda header: header | {"data": "/etc/passwd"},
        lambda header: header | {"split": "../../x"},
        lambda header: header | {"settings": header["settings"] | {"model": "os.system"}},
        lambda header: header | {"settings": header["settings"] | {"embedding_dim": 10**9}},
        lambda header: header | {"settings": header["settings"] | {"epochs": "many"}},
        lambda header: header | {"settings": header["settings"] | {"model": "popularity"}},
        lambda header: header | {"settings": None},
        lambda header: header | {"steps_per_epoch": 0},
        lambda header: header | {"examples": 10},
        lambda header: ["no", "header"],
        lambda header: {},
    ],
)
def test_a_header_that_makes_no_sense_is_a_sentence(path, change):
    with_header(path, change)
    with pytest.raises(DataError, match="cannot be played"):
        recording.read(path)


def test_what_is_no_recording_is_a_sentence(path):
    sound = io.BytesIO()
    np.savez_compressed(sound, header=np.array("{}"))
    for content in (b"", b"PK\x03\x04", b"\x80\x04K\x01.", sound.getvalue(), sound.getvalue()[:-30]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be played"):
            recording.read(path)
    with pytest.raises(DataError, match="cannot be played"):
        recording.read(path.with_name("missing.npz"))


class Bomb:
    """Unpickled, it would leave a trace."""

    def __reduce__(self):
        return (print, ("BOOM",))


def test_nothing_is_unpickled(path, capsys):
    np.savez_compressed(path, header=np.array([Bomb()], dtype=object), **made().arrays)
    with pytest.raises(DataError, match="cannot be played"):
        recording.read(path)
    assert "BOOM" not in capsys.readouterr().out


def test_a_small_file_with_much_in_it_is_not_unpacked(path, monkeypatch):
    monkeypatch.setattr(recording, "MOST_BYTES", 10_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", b"\0" * 20_000)
    assert path.stat().st_size < 1000
    with pytest.raises(DataError, match="larger than"):
        recording.read(path)


def test_the_bundled_recording_is_sound_small_and_learnt_something():
    path = recording.BUNDLED / "planted-mf.npz"
    assert path.stat().st_size < 300_000
    one = recording.read(path)
    validation = one.arrays["validation"]
    assert one.data == "planted"
    assert len(validation) == one.settings.epochs
    assert validation[-1] < validation[0]
    assert one.arrays["vectors"].shape[1] == 200  # the planted films
    assert path in recording.found().values()


def test_a_recorded_run_is_the_run_that_training_gives(tmp_path, planted):
    from recsys_edu import data, training

    path = tmp_path / "mine.npz"
    arguments = ["record", "--data", "planted", "--epochs", "2", "--embedding-dim", "4", "--pca", "--out", str(path)]
    assert cli.main(arguments) == 0
    one = recording.read(path)
    parts, ends = data.split(planted, "random", seed=0), []
    training.fit(one.settings, parts.train, parts.test, lambda event: ends.append(event))
    mses = [event.validation_mse for event in ends if type(event).__name__ == "EpochEvent"]
    np.testing.assert_allclose(one.arrays["validation"], mses, rtol=1e-5)
    assert one.arrays["frame_step"].tolist() == [0, one.steps_per_epoch, 2 * one.steps_per_epoch]


def test_what_cannot_be_recorded_is_a_sentence(tmp_path, capsys):
    assert cli.main(["record", "--data", str(tmp_path / "my.csv")]) == 1
    assert "played on the data that it was made of" in capsys.readouterr().err
    assert cli.main(["record", "--data", "planted", "--model", "popularity"]) == 1
    assert "nothing to watch" in capsys.readouterr().err
