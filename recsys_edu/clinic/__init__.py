"""Break it: models with a mistake on purpose, what can be measured of them, and a doctor that knows only that.

mistakes.py makes the patients, diagnosis.py examines them: symptom, cause, cure. The doctor never sees which mistake
was made; the rules read measured figures alone."""
