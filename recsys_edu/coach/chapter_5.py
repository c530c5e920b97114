"""Chapter 5, the code: a `call` of Keras, labels and rows, what is personal, a product of rows, λ without the test."""

from __future__ import annotations

import re
import warnings

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, Wrong, call, expect, expect_array


def _other_repair(answer: object) -> None:
    u, i = np.array([0, 4, 2, 0]), np.array([6, 1, 1, 3])  # 5 users, 7 items
    made = not isinstance(answer, type) and hasattr(answer, "call")
    expect(not made, "Give the class itself, not a model made of it: the coach makes one, of 5 users and 7 items.")
    model = call(answer, 5, 7, 3)
    expect(callable(model), "Give the class itself, as `Recommender`: the coach makes a model of it.")
    with warnings.catch_warnings(action="ignore"):  # where `call` fails, Keras talks at length
        r_hat = expect_array(_called(model, u, i), (4, 1), "One prediction for each pair, as a column: (batch, 1).")
        alone = np.concatenate([_called(model, u[k : k + 1], i[k : k + 1]) for k in range(4)])
        other_users = _called(model, np.array([1, 3, 3, 1]), i)
        other_items = _called(model, u, np.array([0, 2, 5, 4]))
    expect(
        np.allclose(r_hat, alone, atol=1e-5),
        "A prediction changes with the other pairs of the batch. Row k of the output must depend on pair k alone.",
    )
    expect(not np.allclose(other_users, r_hat), "Another user, the same prediction: the user's vector is not used.")
    expect(not np.allclose(other_items, r_hat), "Another item, the same prediction: the item's vector is not used.")


def _called(model: object, u: np.ndarray, i: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(model([u, i]))
    except TypeError as error:
        raise Wrong(
            f"`call` raised TypeError: {_said(error)}. It gets one argument, a list of two arrays, (batch,) each. A "
            "list has no columns, so `inputs[:, 0]` cannot work: take `inputs[0]` and `inputs[1]`."
        ) from error
    except Exception as error:
        raise Wrong(
            f"With 5 users and 7 items `call` raised {type(error).__name__}: {_said(error)}. Item 6 must be "
            "looked up in the items' table: is the first of the two arrays used for the users?"
        ) from error


def _said(error: Exception) -> str:
    """The part of an error of Keras that speaks to people: no colours of a terminal, no list of arguments."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).partition("Arguments received")[0]
    return " ".join(text.split())[:120].rstrip(".")


def _to_rows(answer: object) -> None:
    labels, ids = np.array([30, 7, 112, 5]), np.array([5, 30, 5, 112])
    rows = np.asarray(call(answer, labels, ids))
    asked = f"For the labels {labels.tolist()} and the ids {ids.tolist()}"
    expect(not np.array_equal(rows, ids), "You return the labels as they are. A table with 4 rows has no row 112.")
    expect(
        not np.array_equal(rows, ids - 1),
        "id − 1 is right only where labels are 1, 2, 3, … without a gap. In a shop they are not even numbers.",
    )
    expect(
        not np.array_equal(rows, np.searchsorted(labels, ids)),
        "np.searchsorted needs sorted labels, and these are not. It gives no error, only wrong rows.",
    )
    expect(
        not np.array_equal(rows, np.searchsorted(np.sort(labels), ids)),
        "You give the rank among the sorted labels. The row is the place in `labels` as it stands.",
    )
    expect(
        not np.array_equal(rows, [0, 3]), "Two ids are the same, and both need a row: one row for each id, in order."
    )
    expect(np.array_equal(rows, [3, 0, 3, 2]), f"{asked}, labels[rows] must give the ids back. Yours: {rows.tolist()}.")
    others = np.array([2, 40, 9])
    rows = np.asarray(call(answer, others, others[[1, 1]]))
    expect(np.array_equal(rows, [1, 1]), "With other labels, 2, 40 and 9, yours goes wrong.")


def _personal_part(answer: object) -> None:
    rng = np.random.default_rng(5)
    a, b, meeting = rng.normal(size=(6, 1)), 3 * rng.normal(size=(1, 4)), rng.normal(size=(6, 4))
    meeting -= meeting.mean(axis=0)
    meeting -= meeting.mean(axis=1, keepdims=True)
    asked = "One number is asked for: the size of what is left, as a standard deviation."
    size = float(expect_array(call(answer, a + b + meeting), (), asked))
    expect(
        not np.isclose(size, (a + b + meeting).std()),
        "That is the spread of the scores themselves. Most of it is what all people agree on: take that out first.",
    )
    nothing = float(expect_array(call(answer, a + b), (), asked))
    expect(
        not np.isclose(nothing, b.std()),
        "For a(u) + b(i) the personal part must be 0. You take out the mean of each user, but not that of each item.",
    )
    expect(
        not np.isclose(nothing, a.std()),
        "For a(u) + b(i) the personal part must be 0. You take out the mean of each item, but not that of each user.",
    )
    expect(abs(nothing) < 1e-9, f"For a(u) + b(i) nothing is personal, and yours gives {nothing:.3f}.")
    expect(not np.isclose(size, meeting.var()), "That is the variance. The standard deviation is in stars.")
    expect(np.isclose(size, meeting.std()), f"What was put in has a spread of {meeting.std():.3f}; yours: {size:.3f}.")


def _row_by_row(answer: object) -> None:
    p, q = np.arange(12.0).reshape(4, 3), np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    r_hat = np.asarray(call(answer, p, q))
    expect(
        r_hat.shape != (),
        "One number for the whole batch: your product sums over the pairs too. Each pair needs its own.",
    )
    expect(
        r_hat.shape != (4, 4),
        "(4, 4): you multiply every user with every film. Pair k is user k with film k: the diagonal of that.",
    )
    expect(r_hat.shape != (3,), "(3,): you sum over the batch. The sum runs over the d numbers of a vector, axis 1.")
    expect(
        r_hat.shape != (4,),
        "(4,): the sums, but not the form. A model of this course gives a column, (batch, 1): keepdims=True.",
    )
    r_hat = expect_array(r_hat, (4, 1), "One number for each pair, as a column: (batch, 1).")
    expect(
        np.allclose(r_hat[:, 0], (p * q).sum(axis=1)),
        f"Pair 1 is (3, 4, 5) with (0, 1, 0): 4. Yours gives {r_hat[1, 0]:.3g}.",
    )


class _Watched:
    """A learner without learning, which writes down who asked for what. The best λ is 0 on what was learned, 0.12 on
    other ratings, and, by chance, 0.5 on the test."""

    values = (0.5, 0.0, 0.12, 0.03)

    def __init__(self):
        self.train, self.test = np.arange(100), np.arange(100, 120)
        self.learned, self.judged = [], []

    def learn(self, rows, l2):
        self.learned.append((set(np.asarray(rows).tolist()), l2))
        return self.learned[-1]

    def error(self, model, rows):
        rows, (known, l2) = set(np.asarray(rows).tolist()), model
        self.judged.append((rows, known, l2))
        if rows & set(self.test.tolist()):
            return 0.9 + abs(l2 - 0.5)
        return 0.5 + l2 if rows <= known else 0.9 + abs(l2 - 0.12)


def _choose(answer: object) -> None:
    watched = _Watched()
    test = set(watched.test.tolist())
    found = call(answer, watched.values, watched.learn, watched.error, watched.train, watched.test)
    asked = "Two numbers are asked for: (the chosen λ, its error on the test)."
    expect(isinstance(found, tuple | list) and len(found) == 2, asked)
    chosen, last = expect_array(found, (2,), asked)
    expect(not any(known & test for known, _ in watched.learned), "A model of yours learns from the test.")
    looks = [rows for rows, _, _ in watched.judged if rows & test]
    expect(
        len(looks) <= 1,
        f"You look at the test {len(looks)} times. Whoever chooses by the test learns from it: split `train` once "
        "more, choose by the smaller part, and look at the test once, at the end.",
    )
    on_learned = [l2 for rows, known, l2 in watched.judged if rows & known]
    expect(
        not on_learned,
        "You judge a model on ratings that it has learned. There λ = 0 always looks best: it may learn all by heart.",
    )
    tried = {l2 for rows, _, l2 in watched.judged if not rows & test}
    expect(tried == set(watched.values), "Each value of λ must be tried once on the part that was kept aside.")
    expect(np.isclose(chosen, 0.12), f"On the part kept aside λ = 0.12 has the smallest error; you choose {chosen:g}.")
    expect(len(looks) == 1, "The test was never looked at. Its error, of the chosen λ, is the figure to report.")
    expect(np.isclose(last, 0.9 + abs(0.12 - 0.5)), "The second number must be the error of the chosen λ on the test.")


EXERCISES = [
    Exercise(
        "5.1",
        "Write a Recommender whose `call` takes the list [user_index, item_index], (batch,) each; it gives (batch, 1).",
        _other_repair,
        (
            "In 5.2 `fit` gave way. Now the form of the input stays a list: what is its first entry?",
            "`user_index, item_index = inputs` takes the list apart. Both are (batch,).",
            "The article's lines stay: two look-ups, `concat` along axis 1, `Dense(1)`. Only the two indices change.",
        ),
        "import tensorflow as tf\nfrom keras import Model\nfrom keras.layers import Dense, Embedding\n\n\n"
        "class answer(Model):\n    def __init__(self, num_users, num_items, embedding_dim):\n"
        "        super().__init__()\n"
        "        self.user_embedding = Embedding(num_users, embedding_dim)\n"
        "        self.item_embedding = Embedding(num_items, embedding_dim)\n        self.dense = Dense(1)\n\n"
        "    def call(self, inputs):\n        user_index, item_index = inputs  # (batch,) each\n"
        "        both = [self.user_embedding(user_index), self.item_embedding(item_index)]\n"
        "        return self.dense(tf.concat(both, axis=1))  # (batch, 2d) -> (batch, 1)",
        "Now `model.fit([train.user_index, train.item_index], train.rating)` runs as the article has it.",
    ),
    Exercise(
        "5.2",
        "Write to_rows(labels, ids): the row in `labels` of each of the ids, (n,). All ids are among the labels.",
        _to_rows,
        (
            "A label is a name. Where does a name stand in the list of names?",
            "A dict from label to row answers in one look: build it from enumerate(labels).",
            "row_of = {label: row for row, label in enumerate(labels)}; then one look for each id.",
        ),
        "import numpy as np\n\n\ndef answer(labels, ids):\n"
        "    row_of = {label: row for row, label in enumerate(labels.tolist())}\n"
        "    return np.array([row_of[id] for id in ids.tolist()])",
        "And labels[rows] gives the ids back: a test worth having.",
    ),
    Exercise(
        "5.3",
        "Write personal_part(scores), (users, items) -> a number: the spread (std) of what no a(u) + b(i) + c can say.",
        _personal_part,
        (
            "What must it say of a model like the article's, whatever its a and b?",
            "Take away the mean of each row, then, of what is left, the mean of each column.",
            "left = scores - scores.mean(axis=1, keepdims=True); left = left - left.mean(axis=0); then left.std().",
        ),
        "def answer(scores):\n    left = scores - scores.mean(axis=1, keepdims=True)\n"
        "    left = left - left.mean(axis=0)\n    return left.std()",
        "One number that no falling loss shows.",
    ),
    Exercise(
        "5.4",
        "Write score(p, q), both (batch, d) -> (batch, 1): the dot product of row k of p with row k of q.",
        _row_by_row,
        (
            "Over which of the two axes does the dot product of ONE user and ONE film sum?",
            "First multiply number by number, p * q: still (batch, d). Then sum over the axis of the d numbers.",
            "`keepdims=True` in the sum keeps the column.",
        ),
        "def answer(p, q):\n    return (p * q).sum(axis=1, keepdims=True)",
        "Row k of the output depends on pair k alone.",
    ),
    Exercise(
        "5.5",
        "Write choose(values, learn, error, train, test) -> (best λ, its test error), and look at `test` once.",
        _choose,
        (
            "If you choose λ by the test, of what is the test then a test?",
            "Cut the rows of `train` in two. Learn each λ on the larger part, and judge it on the smaller one.",
            "After the choice: model = learn(train, best); return best, error(model, test).",
        ),
        "import numpy as np\n\n\ndef answer(values, learn, error, train, test):\n"
        "    order = np.random.default_rng(0).permutation(train)\n    cut = len(order) * 4 // 5\n"
        "    larger, smaller = order[:cut], order[cut:]\n"
        "    best = min(values, key=lambda l2: error(learn(larger, l2), smaller))\n"
        "    return best, error(learn(train, best), test)",
        "The test was looked at once, after everything was decided. So its figure can be believed.",
    ),
]

QUESTIONS = [
    Question(
        "5.q1",
        "The loss falls from epoch to epoch, and all users get the same list. What is wrong?",
        (
            Choice("Too few epochs", "However long it learns, a(u) + b(i) + c puts the films in one order."),
            Choice("The vectors are too short", "w · p_u is one number, however long p_u is."),
            Choice(
                "User and film never meet in a product or inside a σ",
                "A sum of both can lower the loss, but not change the order of the films from user to user.",
                right=True,
            ),
        ),
    ),
    Question(
        "5.q2",
        "V4 is trained with d = 2 and with d = 64, all else equal. What can you say before you try?",
        (
            Choice(
                "d = 64 fits the training ratings at least as well; about the test you cannot know",
                "More numbers can learn more by heart. Whether that helps on the test depends on λ and on the data.",
                right=True,
            ),
            Choice("d = 64 is better on the test", "More numbers also learn more noise. Remember V3."),
            Choice("d = 2 is better on the test", "Two numbers may be too few for what people like. One must measure."),
        ),
    ),
    Question(
        "5.q3",
        "You train with the seeds 0, 2 and 4 and get three different errors. What do you publish?",
        (
            Choice("The best one", "Then you publish luck: the next seed would not give it again."),
            Choice("The first one", "It is one draw, and nobody learns how far the draws lie apart."),
            Choice(
                "All three, or their mean and spread",
                "The reader sees what the method gives, and how surely.",
                right=True,
            ),
        ),
    ),
    Question(
        "5.q4",
        "`mf` has the smaller RMSE, `Popularity` finds more of the films that users went on to rate. Why?",
        (
            Choice(
                "Lists ask which films are rated at all; mf learned only how many stars rated ones get",
                "It puts rare films with high stars first, and few people come to rate those.",
                right=True,
            ),
            Choice("The RMSE was measured wrongly", "It was measured well, and it answers another question."),
            Choice("mf needs more epochs", "More epochs make its stars better, not its guess of what will be rated."),
        ),
    ),
]
