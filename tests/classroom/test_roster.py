"""Who gets in, under which name, and what the file tells of them."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_edu.classroom import keys, lead, roster
from recsys_edu.classroom.roster import LONGEST_NAME
from recsys_edu.classroom.store import Store, open_class
from recsys_edu.errors import DataError, SettingsError

HOSTILE = "<img src=x onerror=1>"


def test_the_code_lets_in_however_it_is_typed_and_no_other_does(store):
    token = roster.join(store, f" {store.code[:3].lower()}-{store.code[3:]} ", "Ada")
    assert roster.person_of(store, token).nickname == "Ada"
    for wrong in ("", store.code[:5], store.code + "2", "ÄÖÜ", "x" * 10_000):
        with pytest.raises(roster.WrongCodeError, match="not the class's join code"):
            roster.join(store, wrong, "Bob")
    assert [person.nickname for person in roster.people(store)] == ["Ada"]


def test_two_people_have_two_names_also_for_a_hurried_eye(store, join):
    join("Ada L")
    for same in ("Ada L", "ada l", "ADAL", "Ａｄａ Ｌ", " Ada\u200b L "):
        with pytest.raises(SettingsError, match=r"is called .* already"):
            join(same)
    assert join("Ada M").nickname == "Ada M"


def test_a_hostile_name_is_kept_as_the_text_that_it_is(join):
    assert join(HOSTILE).nickname == HOSTILE
    assert join("**b** [a](x)").nickname == "**b** [a](x)"
    assert join("'; DROP TABLE x").nickname == "'; DROP TABLE x"


@pytest.mark.parametrize(
    ("nickname", "said"),
    [("", "at least one"), (" \u200b\u202e\n", "at least one"), ("x" * (LONGEST_NAME + 1), "at most"),
     ("a" + "\u0301" * 9, "piles"), ("\u0336\u0336", "at least one")],
)  # fmt: skip
def test_a_name_that_nobody_can_read_gets_a_sentence(join, nickname, said):
    with pytest.raises(SettingsError, match=said):
        join(nickname)


@given(st.text(max_size=200))
def test_any_text_is_a_printable_line_or_gets_a_sentence(text):
    try:
        name = roster.clean_nickname(text)
    except SettingsError:
        return
    assert 1 <= len(name) <= LONGEST_NAME
    assert name.isprintable()
    assert name == name.strip()


def test_who_left_is_out_and_the_name_takes_up_what_was_done_by_it(store, join):
    token = roster.join(store, store.code, "Ada")
    ada = roster.person_of(store, token)
    roster.leave(store, ada.id)
    assert roster.person_of(store, token) is None
    assert not roster.people(store)[0].here
    assert join("ada").id == ada.id


def test_last_seen_is_written_when_something_changed_or_after_a_while(store, join):
    ada = roster.saw(store, join("Ada"), "map", "epoch 1", now=1000.0)
    assert roster.saw(store, ada, "map", "epoch 1", now=1005.0) is ada
    assert roster.people(store)[0].seen == 1000.0
    roster.saw(store, ada, "map", "epoch 2", now=1006.0)
    roster.saw(store, ada, "map", "epoch 1", now=1011.0)
    assert (roster.people(store)[0].doing, roster.people(store)[0].seen) == ("epoch 1", 1011.0)


def test_the_file_holds_no_token_and_no_secret(store, join, tmp_path):
    tokens = [store.secret, roster.join(store, store.code, "Ada"), roster.enter_as_teacher(store, store.secret)]
    store.close()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("class.sqlite*"))
    assert b"Ada" in written
    assert not [token for token in tokens if token.encode() in written]


def test_the_teacher_is_who_has_the_secret_of_this_start_and_stays_in(store):
    teacher = roster.enter_as_teacher(store, store.secret)
    assert roster.is_teacher(store, teacher)
    code, secret = open_class(store)
    assert code == store.code
    assert roster.enter_as_teacher(store, store.secret) is None
    assert roster.enter_as_teacher(store, secret)
    assert roster.is_teacher(store, teacher)
    student = roster.join(store, store.code, "Ada")
    assert not any(roster.is_teacher(store, token) for token in (student, secret, "", None, "x" * 10**6))
    assert roster.person_of(store, teacher) is None


def test_a_new_code_shuts_the_door_but_puts_nobody_out(store):
    token = roster.join(store, store.code, "Ada")
    code = roster.new_code(store)
    with pytest.raises(roster.WrongCodeError):
        roster.join(store, store.code, "Bob")
    assert roster.join(store, code, "Bob")
    assert roster.person_of(store, token)
    assert lead.now(store).code == code


def test_who_guesses_is_heard_no_more_for_a_while():
    clock = [0.0]
    limiter = keys.Limiter(3, 60, clock=lambda: clock[0])
    for second in (0, 10, 20):
        clock[0] = second
        assert not limiter.blocks("1.2.3.4")
        limiter.miss("1.2.3.4")
    assert limiter.blocks("1.2.3.4")
    assert not limiter.blocks("1.2.3.5")
    clock[0] = 61
    assert not limiter.blocks("1.2.3.4")
    for number in range(2 * keys.MOST_KEYS):
        limiter.miss(str(number))
    assert len(limiter._misses) <= keys.MOST_KEYS


def test_a_file_that_is_no_class_gets_a_sentence(tmp_path):
    path = tmp_path / "class.sqlite"
    path.write_text("no database " * 200, encoding="utf-8")
    with pytest.raises(DataError, match="RECSYS_EDU_CLASS"):
        Store(path)
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE class (x)")
    with pytest.raises(DataError, match="Cannot use the class file"):
        open_class(Store(tmp_path / "other.sqlite"))
