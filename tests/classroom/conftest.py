import pytest

from recsys_edu.classroom import roster
from recsys_edu.classroom import store as stores


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A class file of this test's own, with a class in it; what is published goes beside it."""
    monkeypatch.setenv("RECSYS_EDU_DATA", str(tmp_path / "data"))
    made = stores.Store(tmp_path / "class.sqlite")
    made.code, made.secret = stores.open_class(made, "7c")
    yield made
    made.close()


@pytest.fixture
def join(store):
    """join(nickname): a person of the class."""

    def join(nickname):
        return roster.person_of(store, roster.join(store, store.code, nickname))

    return join
