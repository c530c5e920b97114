"""The code of a run, to copy and to change: the model's own page, then plain Keras that trains it with these settings.

What it gives runs as it stands, beside the package, and ends at the same model as the studio's run: the same start, the
same order of the examples, the same steps. Nothing is imported to write it, so the studio can show it at once.
"""

from __future__ import annotations

import re
from pathlib import Path

from recsys_edu.models import Settings

FOLDER = Path(__file__).resolve().parent / "models"
REGISTER = re.compile(r"^@keras\.saving\.register_keras_serializable\(.*\)\n", flags=re.MULTILINE)

DATA = """

# The data: what is learnt from, and what is held out.
from recsys_edu import sources
from recsys_edu.data import split

parts = split(sources.load({data!r}), {how!r}, seed={seed})
train, test = parts.train, parts.test
"""

MODEL = """
# The model, with its weights made.
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed({seed})
model = {name}.of(train{arguments})
model(np.zeros((1, 2), dtype="int32"))
model.start_from(train)
"""

ONE_SIDE = """
# Only {learns} learn: what belongs to the others alone stays as it starts.
for part in keras.tree.flatten([{frozen}]):
    part.trainable = False
"""

FIT = """
# Plain Keras. An epoch has an order of its own, drawn by the seed, so that a second run gives the same numbers.
model.compile(optimizer=keras.optimizers.Adam({learning_rate}), loss="mse")
for epoch in range({epochs}):
    order = np.random.default_rng([{seed}, epoch]).permutation(len(train))
    model.fit(train.pairs[order], train.rating[order], batch_size={batch_size}, shuffle=False)
"""

LOOP = """
# The loss is the model's own, so the loop is written out. An epoch has an order of its own, drawn by the seed.
optimizer = keras.optimizers.Adam({learning_rate})
examples = [tf.constant(array) for array in model.examples(train)]


@tf.function(reduce_retracing=True)
def learn(rows):
    with tf.GradientTape() as tape:
        losses = model.batch_loss(*[tf.gather(array, rows) for array in examples])  # (batch,)
        loss = tf.reduce_mean(losses) + tf.add_n([0.0, *model.losses])
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
    return loss


for epoch in range({epochs}):
    order = np.random.default_rng([{seed}, epoch]).permutation(len(examples[0]))
    loss = [float(learn(order[k : k + {batch_size}])) for k in range(0, len(order), {batch_size})]
    print(f"epoch {{epoch + 1}}: loss {{np.mean(loss):.4f}}")
"""

ONE_GO = """
# No gradient steps: computed in one go.
model = {name}({arguments}).fit(train)
"""

JUDGE = """
# How good it is on what it has not seen.
from recsys_edu.metrics import evaluate

print(evaluate(model, train, test))
"""


def code(settings: Settings, data: str = "movielens-100k", how: str = "random") -> str:
    """A script that fits this model with these settings on this data set, and says how good it is."""
    card = settings.card
    page = REGISTER.sub("", (FOLDER / f"{card.module}.py").read_text(encoding="utf-8"))
    arguments = ", ".join(f"{name}={value!r}" for name, value in settings.arguments().items())
    values = {
        "data": data, "how": how, "seed": settings.seed, "name": card.class_name,
        "learning_rate": settings.learning_rate, "batch_size": settings.batch_size, "epochs": settings.epochs,
    }  # fmt: skip
    if not card.by_gradient:
        steps = [ONE_GO.format(arguments=arguments, **values)]
    else:
        made = MODEL.format(arguments=f", {arguments}" if arguments else "", **values)
        plain = card.predicts_ratings and card.example == "rating"  # learns each rating by its squared error
        frozen = ", ".join(f"model.{name}" for name in settings.frozen)
        held = [ONE_SIDE.format(learns=settings.learns, frozen=frozen)] if frozen else []
        steps = [made, *held, (FIT if plain else LOOP).format(**values)]
    return "".join([page, DATA.format(**values), *steps, JUDGE])
