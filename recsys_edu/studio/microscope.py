r"""What a worker computes for the Microscope page: one training pair (u, i), and what one step of Adam on it does.

A step here is the trainer's own step with a batch of this single pair: L = the model's loss of the pair + its penalty.
All functions are pure: they start from a run's state (None: its random start) and leave the run as it is. TensorFlow is
imported by the workers alone, inside the functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recsys_edu.studio import slices
from recsys_edu.studio.slices import RunSpec

MODELS = ("mf", "mlp", "article")  # those whose formula the page shows
PAIRS_AT_MOST = 200_000  # among which the one with the largest error is looked for
FILMS_ON_MAP = 400  # the most rated ones, as a background

Numbers = dict[str, np.ndarray]  # the letter in the formula -> its value


@dataclass(frozen=True)
class Outset:
    """Where a look begins: a user, the user's training films with the largest error |r_ui − r̂_ui| first, and a fixed
    plane to draw on: that of the largest variance of all vectors, p and q together."""

    user_index: int
    items: np.ndarray  # (k,) item_index
    errors: np.ndarray  # (k,) r_ui − r̂_ui
    centre: np.ndarray = field(repr=False)  # (d,)
    directions: np.ndarray = field(repr=False)  # (d, 2)
    films: np.ndarray = field(repr=False)  # (m, 2) the most rated films, drawn on the plane


@dataclass(frozen=True)
class Other:
    """Another pair, and what the step did to its prediction."""

    kind: str  # same user, same film, or neither
    user_index: int
    item_index: int
    before: float
    after: float


@dataclass(frozen=True)
class Look:
    """One step, seen from all sides. `value`, `gradient`, `memory` and `update` have an entry for each parameter that
    the pair touches: its value before the step, ∂L/∂θ, Adam's m and v after it, and what the step added to θ. Of P, Q
    and the biases of mf they hold the pair's own row, (d,) or (1,). `forward` holds what lies between them and the
    loss."""

    rating: float
    value: Numbers
    forward: Numbers
    gradient: Numbers
    memory: dict[str, tuple[np.ndarray, np.ndarray]]
    update: Numbers
    step: int  # t, how many steps Adam has made, this one counted
    prediction: float  # r̂_ui before
    after: float  # and after the step
    loss_after: float  # of this pair, penalty included
    others: tuple[Other, ...]


def outset(spec: RunSpec, state: dict | None, user_index: int | None = None) -> Outset:
    """`user_index` None: the user of the training pair with the largest error."""
    trainer, start = slices.trainer_of(spec)
    trainer.restore(start if state is None else state)
    train = trainer.train
    if user_index is None:
        rows = np.arange(len(train))
        if len(rows) > PAIRS_AT_MOST:
            rows = np.random.default_rng(spec.settings.seed).choice(len(rows), PAIRS_AT_MOST, replace=False)
        user_index = int(train.user_index[rows[np.argmax(np.abs(_errors(trainer, rows)))]])
    mine = np.flatnonzero(train.user_index == user_index)
    errors = _errors(trainer, mine)
    order = np.argsort(-np.abs(errors), kind="stable")
    centre, directions = plane(np.concatenate([trainer.model.user_vectors(), trainer.model.item_vectors()]))
    known = np.argsort(-np.bincount(train.item_index, minlength=train.num_items), kind="stable")[:FILMS_ON_MAP]
    films = (trainer.model.item_vectors()[known] - centre) @ directions
    return Outset(user_index, train.item_index[mine][order], errors[order], centre, directions, films)


def plane(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The centre (d,) and the two directions of largest variance (d, 2) of vectors (n, d); a missing one is 0."""
    centre = vectors.mean(axis=0)
    _values, directions = np.linalg.eigh((vectors - centre).T @ (vectors - centre))  # ascending; columns, (d, d)
    two = directions[:, ::-1][:, :2]
    return centre, np.pad(two, ((0, 0), (0, 2 - two.shape[1])))


def look(spec: RunSpec, state: dict | None, user_index: int, item_index: int, steps: int) -> tuple[list[Look], dict]:
    """The next `steps` steps on this one training pair, each as a Look, and the state behind the last."""
    trainer, start = slices.trainer_of(spec)
    trainer.restore(start if state is None else state)
    pair = np.array([[user_index, item_index]], dtype="int32")
    train = trainer.train
    row = np.flatnonzero((train.user_index == user_index) & (train.item_index == item_index))[0]
    rating = train.rating[[row], None]  # (1, 1)
    others = other_pairs(train, user_index, item_index)
    looks = [_step(trainer, pair, rating, others) for _k in range(steps)]
    return looks, trainer.state()


def other_pairs(train, user_index: int, item_index: int) -> list[tuple[str, int, int]]:
    """The user with the most rated other film that the user rated, the film with its most eager other user, and these
    two together. Whoever rated nothing else, or is a film's only user, has none."""
    counts = np.bincount(train.item_index, minlength=train.num_items)
    rated = np.bincount(train.user_index, minlength=train.num_users)
    films = train.item_index[(train.user_index == user_index) & (train.item_index != item_index)]
    people = train.user_index[(train.item_index == item_index) & (train.user_index != user_index)]
    j = int(films[np.argmax(counts[films])]) if len(films) else None
    v = int(people[np.argmax(rated[people])]) if len(people) else None
    pairs = [("same user", user_index, j), ("same film", v, item_index), ("neither", v, j)]
    return [pair for pair in pairs if None not in pair]


def _errors(trainer, rows: np.ndarray) -> np.ndarray:
    """r_ui − r̂_ui of these rows of the training part."""
    train = trainer.train
    return train.rating[rows] - trainer.model.predict_pairs(train.user_index[rows], train.item_index[rows])


def _step(trainer, pair: np.ndarray, rating: np.ndarray, others: list[tuple[str, int, int]]) -> Look:
    """Make one step, and note all of it."""
    import tensorflow as tf

    model, optimizer = trainer.model, trainer.optimizer
    pairs = np.concatenate([pair, np.array([other[1:] for other in others], dtype="int32").reshape(-1, 2)])
    before = model(pairs).numpy()[:, 0]  # (1 + k,)
    variables = model.trainable_variables
    still = [
        v for name in trainer.settings.frozen for v in getattr(model, name).weights
    ]  # the side that does not learn
    zeros = [np.zeros(v.shape, "float32") for v in still]

    def own(arrays, of_still=zeros) -> Numbers:
        return _own(model, pair, [*variables, *still], [*arrays, *of_still])

    value, forward = own(variables, still), _forward(model, pair)
    with tf.GradientTape() as tape:
        squared_error, penalty, loss = _loss(model, pair, rating)
    gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]  # dP, dQ made whole
    optimizer.apply(gradients, variables)
    memory = optimizer.variables[2:]  # behind its counter and η: m and v of each variable in turn
    m, v = own(memory[::2]), own(memory[1::2])
    after = model(pairs).numpy()[:, 0]
    losses = {"squared_error": squared_error, "penalty": penalty, "loss": loss}
    return Look(
        rating=float(rating[0, 0]),
        value=value,
        forward=forward | {name: np.asarray(number) for name, number in losses.items()},
        gradient=own(gradients),
        memory={name: (m[name], v[name]) for name in m},
        update={name: new - value[name] for name, new in own(variables, still).items()},
        step=int(optimizer.iterations),
        prediction=float(before[0]),
        after=float(after[0]),
        loss_after=float(_loss(model, pair, rating)[2]),
        others=tuple(Other(*o, float(b), float(a)) for o, b, a in zip(others, before[1:], after[1:], strict=True)),
    )


def _loss(model, pair: np.ndarray, rating: np.ndarray) -> tuple:
    """The squared error (1,), the penalty and their sum L: what the trainer minimises, for a batch of one pair."""
    import tensorflow as tf

    squared_error = model.batch_loss(pair, rating)
    penalty = tf.add_n([0.0, *model.losses])
    return squared_error, penalty, tf.reduce_mean(squared_error) + penalty


def _own(model, pair: np.ndarray, variables: list, arrays: list) -> Numbers:
    """Of `arrays`, one for each of these variables of the model: the pair's row of those shaped as P, Q and the biases
    of users and items, and all of those shaped as a layer's. Weights are W as in Wx, (d_out, d_in): Keras keeps Wᵀ."""
    by_variable = {id(v): np.asarray(a) for v, a in zip(variables, arrays, strict=True)}
    rows = [("p_u", model.user_embedding, pair[0, 0]), ("q_i", model.item_embedding, pair[0, 1])]
    if hasattr(model, "user_bias"):
        rows += [("b_u", model.user_bias, pair[0, 0]), ("b_i", model.item_bias, pair[0, 1])]
    found = {name: by_variable[id(layer.embeddings)][row] for name, layer, row in rows}
    for k, layer in enumerate(_layers(model), start=1):
        names = (f"W_{k}", f"b_{k}") if layer.units > 1 else ("w", "b")
        found |= {names[0]: by_variable[id(layer.kernel)].T, names[1]: by_variable[id(layer.bias)]}
    return {name: numbers.copy() for name, numbers in found.items()}  # the step writes into what asarray shows


def _layers(model) -> list:
    """The Dense layers from the vectors to the prediction; mf has none."""
    if hasattr(model, "hidden"):
        return [*model.hidden, model.out]
    return [model.dense] if hasattr(model, "dense") else []


def _forward(model, pair: np.ndarray) -> Numbers:
    """What is computed on the way from the two vectors to r̂_ui, each as it is for this pair alone."""
    p_u, q_i = np.asarray(model.user_embedding(pair[:, 0]))[0], np.asarray(model.item_embedding(pair[:, 1]))[0]  # (d,)
    if not _layers(model):
        w_u, w_i = np.asarray(model.user_weight)[pair[0, 0]], np.asarray(model.item_weight)[pair[0, 1]]  # (1,)
        return {"mu": np.asarray(model.mean), "product": p_u * q_i, "w_u": w_u, "w_i": w_i}
    h = np.concatenate([p_u, q_i])[None]  # (1, 2d)
    found = {"h_0": h[0]}
    for k, layer in enumerate(_layers(model)[:-1], start=1):
        z = np.asarray(h @ layer.kernel + layer.bias)  # (1, units)
        h = np.asarray(layer(h))
        found |= {f"z_{k}": z[0], f"h_{k}": h[0]}
    return found | {"product": h[0] * np.asarray(_layers(model)[-1].kernel)[:, 0]}  # w ⊙ h, whose sum + b is r̂_ui
