"""What the doctor says of a class: enough memory, a free port, addresses, speed."""

import json
import socket

import pytest

from recsys_edu import cli, doctor_class
from recsys_edu.classroom.networks import lan_addresses
from recsys_edu.doctor import GB


def test_more_students_need_more_memory_and_too_little_is_said():
    assert doctor_class.needed_memory(80) > doctor_class.needed_memory(40) > doctor_class.needed_memory(1)
    needed = doctor_class.needed_memory(40)
    assert doctor_class.check_memory(int(needed + 1), 40).level == "ok"
    assert doctor_class.check_memory(int(needed - 1), 40).level == "warn"
    assert doctor_class.check_disk(int(0.5 * GB), 40).level == "warn"


def test_a_taken_port_is_a_warning_with_a_free_one_beside_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        finding = doctor_class.check_port(port)
        assert finding.level == "warn"
        other = int(finding.sentence.split()[-1])
        assert other != port
        assert doctor_class.is_free(other)
    assert doctor_class.check_port(port).level == "ok"


def test_each_network_gets_a_line_and_no_network_a_warning():
    networks = [("wlan0", "192.168.1.7"), ("docker0", "172.17.0.1"), ("eth0", "169.254.3.4")]
    levels = [(finding.level, finding.sentence) for finding in doctor_class.check_addresses(networks, 8501)]
    assert [level for level, _sentence in levels] == ["ok", "ok", "warn"]
    assert "http://192.168.1.7:8501" in levels[0][1]
    assert "virtual" in levels[1][1]
    (alone,) = doctor_class.check_addresses([], 8501)
    assert alone.level == "warn"


def test_the_addresses_of_this_machine_leave_out_loopback():
    assert not [address for _name, address in lan_addresses() if address.startswith("127.")]


@pytest.mark.parametrize(
    ("epoch", "students", "cores", "level", "says"),
    [
        (0.06, 40, 2, "ok", "about 3 s"),  # 40 * 0.16 / 2
        (0.06, 40, 1, "ok", "about 6 s"),
        (0.7, 40, 2, "warn", "in groups"),  # 16 s
        (3.0, 40, 2, "warn", "record"),  # 62 s
    ],
)
def test_the_wait_for_a_first_epoch_decides_whether_to_play_recorded_runs(epoch, students, cores, level, says):
    finding = doctor_class.judge_speed("planted", epoch, students, cores)
    assert finding.level == level
    assert says in finding.sentence.lower()


def test_a_clock_before_the_kit_is_wrong():
    assert doctor_class.check_clock(1e9, 1.7e9).level == "warn"
    assert doctor_class.check_clock(1.7e9 + 1, 1.7e9).level == "ok"


def test_the_command_adds_the_class_to_the_usual_findings(capsys):
    code = cli.main(["doctor", "--class", "--quick", "--json", "--students", "12", "--port", "58501"])
    found = {line["name"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert code in (0, 1)
    assert {"keras", "planted", "class memory", "class disk", "class port", "class address", "class clock"} <= set(
        found
    )
    assert "12 students" in found["class memory"]["sentence"]


def test_a_class_of_nobody_is_a_sentence(capsys):
    assert cli.main(["doctor", "--class", "--students", "0"]) == 1
    assert "1 to 1,000 students" in capsys.readouterr().err
