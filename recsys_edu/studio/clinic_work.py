"""What a worker does for the page Break it: make the patient, examine it. TensorFlow is imported in here alone."""

from __future__ import annotations

from recsys_edu.clinic.diagnosis import Diagnosis, Findings, diagnose
from recsys_edu.clinic.diagnosis import examine as measure
from recsys_edu.clinic.mistakes import MISTAKES
from recsys_edu.events import finite
from recsys_edu.studio.slices import ratings_of


def examine(data: str, name: str) -> tuple[list[float | None], Findings, Diagnosis]:
    """The training loss by epoch (None where it is no number), what was measured, and what follows from that."""
    patient = MISTAKES[name].make(ratings_of(data))
    findings = measure(patient)
    return [finite(loss) for loss in patient.losses], findings, diagnose(findings)
