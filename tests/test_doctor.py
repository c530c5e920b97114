"""The doctor's findings, healthy and ill."""

import json
import os
import socket
import subprocess
import sys

import pytest

from recsys_edu import doctor


def test_a_healthy_machine_has_no_failure_and_every_line_parses(capsys):
    code = doctor.run(quick=True, as_json=True)
    findings = {line["name"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert code == 0
    wanted = {
        "python",
        "keras",
        "streamlit",
        "umap-learn",
        "planted",
        "movielens-100k",
        "browser",
        "memory",
        "disk",
    }
    assert wanted <= set(findings)
    assert findings["keras"]["level"] == findings["planted"]["level"] == "ok"


def test_a_missing_package_fails_the_run_and_names_the_remedy(tmp_path, monkeypatch, capsys):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        '# a comment\nno-such-package==1.0\nnever-needed==1.0; python_version < "3"\nkeras==0.1\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(doctor, "REQUIREMENTS", requirements)
    assert doctor.run(quick=True) == 1
    lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["no-such-package"].startswith("fail")
    assert "pip install -r requirements.txt" in lines["no-such-package"]
    assert lines["keras"].startswith("warn")
    assert "never-needed" not in lines


def test_a_taken_port_is_a_warning():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert doctor.check_port(port).level == "warn"
    assert doctor.check_port(port).level == "ok"


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (doctor.check_memory(5 * 10**8), "fail"),
        (doctor.check_memory(15 * 10**8), "warn"),
        (doctor.check_memory(8 * 10**9), "ok"),
        (doctor.check_disk(5 * 10**8), "warn"),
        (doctor.check_disk(5 * 10**9), "ok"),
        (doctor.check_cores(1), "warn"),
        (doctor.check_cores(2), "ok"),
        (doctor.check_browser(None), "warn"),
        (doctor.check_browser(sys.executable), "ok"),
    ],
)
def test_limits(finding, level):
    assert finding.level == level


@pytest.mark.skipif(os.name == "nt", reason="a file without a suffix is no program on Windows")
def test_the_browser_on_the_path_is_found_and_one_named_goes_first(tmp_path, monkeypatch):
    monkeypatch.delenv("RECSYS_EDU_CHROMIUM", raising=False)
    monkeypatch.setattr(doctor, "BROWSER_PATHS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.find_browser() is None
    chromium = tmp_path / "chromium"
    chromium.touch(mode=0o755)
    assert doctor.find_browser() == str(chromium)
    monkeypatch.setenv("RECSYS_EDU_CHROMIUM", "/another")
    assert doctor.find_browser() == "/another"


def test_import_time_is_taken_and_a_broken_import_fails():
    assert doctor.check_import("json").level == "ok"
    broken = doctor.check_import("no_such_module")
    assert broken.level == "fail"
    assert "No module named 'no_such_module'" in broken.sentence


def test_the_doctor_imports_nothing_heavy():
    heavy = "{'tensorflow', 'umap', 'streamlit', 'pandas'}"
    code = f"import sys, recsys_edu.doctor; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=doctor.ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
