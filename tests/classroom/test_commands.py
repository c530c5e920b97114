"""`python -m recsys_edu class`, `class export` and `class erase`."""

import io
import os
import re

import pytest

from recsys_edu import cli
from recsys_edu.classroom import arrival, commands, networks, roster
from recsys_edu.classroom.store import Store


@pytest.fixture
def file(store, monkeypatch):
    """The class file of the store, as the commands find it."""
    monkeypatch.setenv("RECSYS_EDU_CLASS", str(store.path))
    monkeypatch.setenv("RECSYS_EDU_CLASS_MODE", "")  # put back after the test
    monkeypatch.setenv("RECSYS_EDU_CLASS_URL", "")
    return store.path


def test_the_start_says_how_to_get_in_and_opens_the_network_alone(file, store, capsys):
    config, teacher = commands.prepare(None, 8600, None)
    said = capsys.readouterr().out
    assert store.code in said
    assert f"http://{networks.addresses()[0]}:8600" in said
    secret = re.search(r"http://localhost:8600/class/teacher/(\S+)", said)[1]
    assert teacher.endswith(secret)
    assert roster.enter_as_teacher(store, secret)
    assert config["server.address"] == "0.0.0.0"
    assert config["server.enableCORS"]
    assert config["server.enableXsrfProtection"]
    assert os.environ["RECSYS_EDU_CLASS_MODE"] == "1"


def test_a_start_behind_a_proxy_names_its_address_and_leaves_the_network_to_it(file, store, capsys):
    config, _teacher = commands.prepare("8 b", 8600, "https://studio.school.example/")
    assert "Students open    https://studio.school.example\n" in capsys.readouterr().out
    assert config["server.address"] == "127.0.0.1"
    assert config["browser.serverAddress"] == "studio.school.example"
    assert os.environ["RECSYS_EDU_CLASS_URL"] == "https://studio.school.example/"
    assert store.read("SELECT name FROM class") == [("8 b",)]


@pytest.mark.parametrize("url", ["studio.school.example", "ftp://a", "https://", "https://a/studio", "https://a/?b=c"])
def test_an_address_that_no_student_can_open_is_refused(file, capsys, url):
    assert cli.main(["class", "--url", url, "--port", "8600", "--no-browser"]) == 1
    assert "https://studio.school.example" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", " \n ", "x" * 41])
def test_a_class_has_a_name(file, capsys, name):
    assert cli.main(["class", "--name", name, "--port", "8600", "--no-browser"]) == 1
    assert "1 to 40" in capsys.readouterr().err


def test_export_and_erase_from_the_command_line(file, join, tmp_path, capsys, monkeypatch):
    join("Ada")
    assert cli.main(["class", "export", "--out", str(tmp_path / "out")]) == 0
    assert "Ada" in (tmp_path / "out" / "class.json").read_text(encoding="utf-8")
    assert str(tmp_path / "out" / "people.csv") in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert cli.main(["class", "erase"]) == 1
    asked = capsys.readouterr()
    assert "1 people, 0 submissions" in asked.out
    assert "Nothing was erased" in asked.err
    assert [person.nickname for person in roster.people(Store(file))] == ["Ada"]
    assert cli.main(["class", "erase", "--yes"]) == 0
    assert "Erased." in capsys.readouterr().out
    assert cli.main(["class", "erase", "--yes"]) == (0 if file.exists() else 1)


def test_a_class_that_is_not_there_gets_a_sentence(file, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RECSYS_EDU_CLASS", str(tmp_path / "none.sqlite"))
    assert cli.main(["class", "export", "--out", str(tmp_path)]) == 1
    assert "There is no class in" in capsys.readouterr().err
    assert not (tmp_path / "none.sqlite").exists()


def test_the_code_that_a_camera_reads_opens_the_door():
    url = arrival.join_url("192.168.1.20", 8501, "ABC234")
    assert url == "http://192.168.1.20:8501/class/join?code=ABC234"
    assert arrival.qr_as_svg(url).startswith("data:image/svg+xml")
    lines = arrival.qr_for_terminal(url).splitlines()
    assert len(lines) > 12
    assert len(set(map(len, lines))) <= 2
