"""Each mistake is found by what can be measured of it, and a healthy model is sent home."""

import pytest

from recsys_edu.clinic.diagnosis import SYMPTOMS, diagnose, examine
from recsys_edu.clinic.mistakes import MISTAKES

EXPECTED = {
    "learning_rate": "explodes", "no_negatives": "yes", "labels": "mismatch", "leak": "future",
    "popularity": "same", "additive": "same", "tensordot": "batch", "none": "none",
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_the_doctor_names_what_is_wrong(movielens, name):
    diagnosis = diagnose(examine(MISTAKES[name].make(movielens)))
    assert diagnosis.symptom == EXPECTED[name], diagnosis
    assert diagnosis.symptom in SYMPTOMS
    assert all(part.endswith(".") for part in (diagnosis.sentence, diagnosis.cause, diagnosis.cure))


@pytest.mark.parametrize(("mistake", "cured"), [("no_negatives", {"negatives": 4}), ("learning_rate", {})])
def test_the_cure_cures(movielens, mistake, cured):
    from recsys_edu.clinic.mistakes import learnt

    how, model = ("last", "neumf") if mistake == "no_negatives" else ("random", "mf")
    assert diagnose(examine(learnt(movielens, how, model, epochs=3, **cured))).symptom == "none"
