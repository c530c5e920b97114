"""Chapter 8, challenges: a newcomer in closed form, what is personal in scores, how old ratings count; one person in a
private sum, what is shown beside what is rated, a vector without one rating."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, call, expect, expect_array


def _fold_in(answer: object) -> None:
    rng = np.random.default_rng(0)
    Q, z, λ = rng.normal(size=(6, 3)), rng.normal(size=6), 2.0
    p = expect_array(call(answer, Q, z, λ), (3,), "p_u has one number for each column of Q: shape (d,).")
    right = np.linalg.solve(Q.T @ Q + λ * np.eye(3), Q.T @ z)
    expect(
        not np.allclose(p, np.linalg.lstsq(Q, z, rcond=None)[0]),
        "λ changes nothing in yours: that is least squares without a penalty. It goes onto the diagonal of QᵀQ.",
    )
    expect(
        not np.allclose(p, np.linalg.solve(Q.T @ Q + λ * 6 * np.eye(3), Q.T @ z)),
        "You charge λ for each rating: 100 ratings are then held back as much as one. Charge it once.",
    )
    expect(
        not np.allclose(p, np.linalg.solve(Q.T @ Q + λ, Q.T @ z)),
        "`QᵀQ + λ` adds λ to every cell of the matrix. The penalty λ‖p‖² stands on its diagonal alone: λI.",
    )
    expect(
        np.allclose(p, right), "For random Q and z yours is not the minimum of ‖z − Qp‖² + λ‖p‖². Set its slope to 0."
    )
    nobody = expect_array(
        call(answer, Q[:0], z[:0], λ), (3,), "With no rating at all there is a p_u too, of shape (d,)."
    )
    expect(not nobody.any(), "With no rating p_u must be 0: the penalty alone decides.")


def _personal(answer: object) -> None:
    a, b = np.array([0.5, -1.0, 0.2]), np.array([3.0, 4.0, 1.0, 2.0])
    S = a[:, None] + b
    S_own = S + np.outer([1.0, -1, 0], [2.0, -1, -1, 0])
    left = expect_array(call(answer, S), (3, 4), "The personal part has the shape of the scores, (U, I).")
    expect(
        not np.allclose(left, S - S.mean(axis=1, keepdims=True)),
        "You took out what is typical of a user. What is typical of a film, its column, is still there.",
    )
    expect(
        not np.allclose(left, S - S.mean(axis=0)),
        "You took out what is typical of a film. What is typical of a user, the row, is still there.",
    )
    expect(
        not np.allclose(left, S - S.mean(axis=1, keepdims=True) - S.mean(axis=0)),
        "The mean of all scores was taken out twice, with the rows and with the columns. Give it back once.",
    )
    expect(np.allclose(left, 0), "For scores a(u) + b(i) nothing is personal: all cells must be 0.")
    expect(
        np.allclose(call(answer, S_own), S_own - S),
        "For scores a(u) + b(i) + something that has mean 0 in rows and columns, that something must come out.",
    )


def _decay(answer: object) -> None:
    day = 24 * 3600
    age = np.array([0.0, 5.0, 10.0, 30.0])
    w = expect_array(call(answer, 1e9 - age * day, 1e9, 10.0), (4,), "One weight for each timestamp: shape (n,).")
    expect(not (w > 1).any(), "An old rating weighs more than a new one in yours. Look at the sign of now − t.")
    expect(
        not np.isclose(w[2], np.exp(-1)),
        "After one half-life yours has 1/e = 0.37 left. A half-life is the time after which one half is left.",
    )
    expect(
        not np.isclose(w[1], 0.5 ** (5 * day / 10), atol=1e-12),
        "The age is in seconds and the half-life in days. Divide by the seconds of a day first.",
    )
    expect(
        not np.isclose(w[2], 0.5) or np.isclose(w[3], 0.125),
        "After three half-lives a half of a half of a half is left, 1/8. Yours does not halve again.",
    )
    expect(
        np.allclose(w, 0.5 ** (age / 10)), "The weights of ratings 0, 5, 10, 30 days old do not halve every 10 days."
    )


def _private_sum(answer: object) -> None:
    rng = np.random.default_rng(0)
    rows, C = np.array([[3.0, 4.0, 0.0], [0.3, 0.0, 0.4], [-6.0, 0.0, 8.0]]), 2.0
    quiet = expect_array(call(answer, rows, C, 0.0, rng), (3,), "The sum has one number for each column of `updates`.")
    right = np.array([1.2 + 0.3 - 1.2, 1.6, 0.4 + 1.6])
    expect(
        not np.allclose(quiet, (rows * C / np.linalg.norm(rows, axis=1)[:, None]).sum(axis=0)),
        "Yours makes short rows longer. Clip shortens a row that is longer than C and leaves the others alone.",
    )
    expect(
        not np.allclose(quiet, np.clip(rows, -C, C).sum(axis=0)),
        "Yours cuts each number to C. A row of many numbers can still be much longer: its length must be at most C.",
    )
    total = rows.sum(axis=0)
    expect(
        not np.allclose(quiet, total * min(1, C / np.linalg.norm(total))),
        "Yours clips the sum. One person with a huge row would still push all others out of it: clip each row first.",
    )
    expect(
        not np.allclose(quiet, rows[np.linalg.norm(rows, axis=1) <= C].sum(axis=0)),
        "Yours leaves out the rows that are longer than C. Clip makes them shorter; they stay in the sum.",
    )
    expect(not np.allclose(quiet, right / 3), "That is the mean over the users. The sum is asked for.")
    expect(np.allclose(quiet, right), "Without noise, the sum of the clipped rows must come out. Try one row alone.")
    _noise(call(answer, np.full((5, 4000), 1e-9), C, 3.0, np.random.default_rng(1)))


def _noise(sum_of_nothing: object) -> None:
    """`clip` is 2, `noise` 3, five users who send next to nothing."""
    noisy = expect_array(sum_of_nothing, (4000,), "With noise, too, the sum has one number for each column.")
    spread = noisy.std()
    expect(
        spread > 1e-6 or abs(noisy[0]) < 1e-6,
        "Every number of the sum got the same noise. Draw one for each: `rng.normal(0, …, size)`.",
    )
    expect(spread > 1e-6, "With noise = 3 yours adds none.")
    expect(abs(spread - 3) > 0.3, "Your noise does not grow with C. Larger rows need more of it: noise · C.")
    expect(
        abs(spread - 6 * 5**0.5) > 1,
        "You add noise to each person's row, five times here. One noise for the sum gives the same promise for less.",
    )
    expect(
        abs(spread - 6) < 0.4, f"The standard deviation of the noise should be noise · clip = 6. Yours is {spread:.3g}."
    )


def _lift(answer: object) -> None:
    top, item_index = np.array([[0, 1], [0, -1]]), np.array([0, 0, 0, 1, 2])
    result = np.asarray(call(answer, top, item_index, 4), dtype="float64")
    expect(result.shape == (4,), f"One number for each item is asked for, (4,). Yours has shape {result.shape}.")
    expect(np.isnan(result[3]), "Item 3 has no rating: a share over nothing is not a number. Give NaN.")
    places, given = np.array([2, 1, 0]), np.array([3, 1, 1])
    lift = result[:3]
    expect(
        not np.allclose(lift, places / given),
        "You compare counts: with longer lists all lifts would grow. Compare shares: of all places, of all ratings.",
    )
    expect(
        not np.allclose(lift, (places / 4) / (given / 5)),
        "You count the empty place, −1, among the places. Three places are filled here.",
    )
    expect(
        not np.allclose(lift[:2], (given / 5 / np.maximum(places / 3, 1e-9))[:2]),
        "Upside down: the share of the ratings is what we compare with, so it goes below.",
    )
    expect(
        np.allclose(lift, (places / 3) / (given / 5)),
        f"Item 0 has 2 of 3 places and 3 of 5 ratings, so 10/9 = 1.11. Yours is {lift[0]:.2f}.",
    )


def _without(answer: object) -> None:
    rng = np.random.default_rng(0)
    F, z, λ, j = rng.normal(size=(7, 3)), rng.normal(size=7), 1.5, 2
    x = expect_array(call(answer, F, z, j, λ), (3,), "The vector has one number for each column of F.")
    A = F.T @ F + λ * np.eye(3)
    expect(not np.allclose(x, np.linalg.solve(A, F.T @ z)), "That is the vector with all ratings. Row j must go.")
    silent = np.where(np.arange(7) == j, 0, z)
    expect(
        not np.allclose(x, np.linalg.solve(A, F.T @ silent)),
        "You took z_j away and left f_j in FᵀF. So the model believes that the user found film j exactly average.",
    )
    rest = np.arange(7) != j
    expect(
        not np.allclose(x, np.linalg.solve(A - F[j][:, None] * F[j], F.T @ z)),
        "You took f_j out of FᵀF and left its rating in Fᵀz. Both must go.",
    )
    expect(
        not np.allclose(x, np.linalg.lstsq(F[rest], z[rest], rcond=None)[0]),
        "Where is λ? Without it this is plain least squares.",
    )
    right = np.linalg.solve(F[rest].T @ F[rest] + λ * np.eye(3), F[rest].T @ z[rest])
    expect(np.allclose(x, right), "Yours is not the ridge regression on the other six rows.")
    only = expect_array(call(answer, F[:1], z[:1], 0, λ), (3,), "A user with one rating has a vector without it too.")
    expect(np.allclose(only, 0), "Without the only rating nothing is known: the vector must be 0.")


EXERCISES = [
    Exercise(
        "8.1",
        "Write fold_in(Q, z, λ): the vector p_u, (d,), of a newcomer who rated n films. Q (n, d) are their vectors, "
        "z (n,) what the biases leave of the ratings.",
        _fold_in,
        (
            "Q is fixed. What is left is a linear regression with a penalty, for one person.",
            "Set the slope of ‖z − Qp‖² + λ‖p‖² to 0: −2 Qᵀ(z − Qp) + 2λp = 0.",
            "So (QᵀQ + λI) p = Qᵀz. `np.linalg.solve(A, b)` solves A p = b; `np.eye(d)` is I.",
        ),
        "import numpy as np\n\n\ndef answer(Q, z, λ):\n    d = Q.shape[1]\n"
        "    return np.linalg.solve(Q.T @ Q + λ * np.eye(d), Q.T @ z)",
        "Without any rating it is 0, and with many the penalty hardly counts: caution that fades by itself.",
    ),
    Exercise(
        "8.2",
        "Write personal_part(S): what no sum a(u) + b(i) can say of the scores S, (U, I).",
        _personal,
        (
            "What is the mean of a row? Of a column? Both must go.",
            "`S.mean(axis=1, keepdims=True)` is (U, 1), `S.mean(axis=0)` is (I,): both can be subtracted from S.",
            "Both of them hold the mean of all scores, so it is taken out twice. Add `S.mean()` once.",
        ),
        "import numpy as np\n\n\ndef answer(S):\n    rows, columns = S.mean(axis=1, keepdims=True), S.mean(axis=0)\n"
        "    return S - rows - columns + S.mean()",
        "A model whose personal part is 0 gives everybody the same list.",
    ),
    Exercise(
        "8.3",
        "Write decay(t, now, half_life): the weights of ratings at the timestamps t (n,), seen from `now`, both in "
        "seconds. The half-life is in days.",
        _decay,
        (
            "How old is each rating, and in which unit?",
            "The age in days is (now − t) / (24 · 3600).",
            "One half to the power of age / half_life: 1 today, 1/2 after one half-life, 1/4 after two.",
        ),
        "import numpy as np\n\n\ndef answer(t, now, half_life):\n    age = (now - t) / (24 * 3600)\n"
        "    return 0.5 ** (age / half_life)",
        "With it every count, mean or matrix of co-occurrence can forget.",
    ),
    Exercise(
        "8.4",
        "Write private_sum(updates, clip, noise, rng): each row of updates (users, numbers) clipped to the length "
        "`clip`, then summed, plus normal noise of standard deviation noise · clip on each number.",
        _private_sum,
        (
            "How much may one row move the sum, at most, whatever is in it?",
            "The length of each row is `np.linalg.norm(updates, axis=1)`. Which rows must be scaled, and by how much?",
            "scale = min(1, clip / length), row by row; sum the scaled rows; add `rng.normal(0, noise * clip, size)`.",
        ),
        "import numpy as np\n\n\ndef answer(updates, clip, noise, rng):\n"
        "    length = np.linalg.norm(updates, axis=1, keepdims=True)  # (users, 1)\n"
        "    scale = np.minimum(1, clip / np.maximum(length, 1e-12))\n"
        "    total = (updates * scale).sum(axis=0)\n"
        "    return total + rng.normal(0, noise * clip, total.shape)",
        "One person moves it by C at most, and the noise is as large as several persons: nobody can be seen in it.",
    ),
    Exercise(
        "8.5",
        "Write lift(top, item_index, num_items): each item's share of the filled places of top (users, k) over its "
        "share of the ratings, whose items are item_index (n,). −1 is an empty place; NaN where there is no rating.",
        _lift,
        (
            "Two shares, each of them sums to 1 over the items. Which one is compared with the other?",
            "`np.bincount(items, minlength=num_items)` counts. It refuses −1: `top[top >= 0]` leaves it out.",
            "Divide each count by its sum, then the share of places by the share of ratings where there is a rating.",
        ),
        "import numpy as np\n\n\ndef answer(top, item_index, num_items):\n"
        "    places = np.bincount(top[top >= 0], minlength=num_items)\n"
        "    given = np.bincount(item_index, minlength=num_items)\n"
        "    places, given = places / places.sum(), given / given.sum()\n"
        "    return np.where(given > 0, places / np.where(given > 0, given, 1), np.nan)",
        "At 1 the lists mirror the data. Whether the data should be mirrored is another question.",
    ),
    Exercise(
        "8.6",
        "Write without(F, z, j, l2): the vector (FᵀF + λI)⁻¹ Fᵀz, computed without row j of F (n, s) and of z (n,).",
        _without,
        (
            "What would the user's data look like if the rating had never been given?",
            "`np.delete(F, j, axis=0)` is F without row j.",
            "Delete row j of both, then solve (FᵀF + λI) x = Fᵀz with what is left.",
        ),
        "import numpy as np\n\n\ndef answer(F, z, j, l2):\n"
        "    F, z = np.delete(F, j, axis=0), np.delete(z, j)\n"
        "    return np.linalg.solve(F.T @ F + l2 * np.eye(F.shape[1]), F.T @ z)",
        "It answers 'what if', and not only 'what went in'.",
    ),
]

QUESTIONS = [
    Question(
        "8.q1",
        "A newcomer has rated three films. Why is p_u fitted with a penalty λ?",
        (
            Choice("It makes the computation faster", "The matrix has the same size, (d, d), with or without λ."),
            Choice(
                "Three ratings cannot settle 32 numbers",
                "Many vectors fit them exactly. The penalty keeps p_u near 0, the average taste, unless ratings speak.",
                right=True,
            ),
            Choice(
                "Because newcomers are strict",
                "Strict or generous is what b_u says. λ speaks of how much three ratings can be trusted.",
            ),
        ),
    ),
    Question(
        "8.q2",
        "Your model has an RMSE of 0.91 on a random split and 1.02 on a split by time. What has happened?",
        (
            Choice(
                "Tastes have changed a lot",
                "Perhaps. But first ask who is in the test: in MovieLens-100K most of it is by people who are new, and "
                "new people drawn at random are as hard.",
            ),
            Choice(
                "The split by time has a bug",
                "It only asks for more: at the border the model knows nothing of who comes later.",
            ),
            Choice(
                "It cannot be said from these two numbers",
                "Newcomers, new films and drift are all in the difference. Measure each with a split of its own.",
                right=True,
            ),
        ),
    ),
    Question(
        "8.q3",
        "A half-life of two weeks improves the list of popular films. Should every model forget so fast?",
        (
            Choice(
                "Yes, what is old is wrong",
                "For item biases and co-occurrence it was the other way round in section 8.3.",
            ),
            Choice(
                "No: whoever forgets has less to learn from",
                "A count needs little data, a matrix of all pairs of films much. Choose the half-life for each model.",
                right=True,
            ),
            Choice(
                "Only on larger data sets",
                "Size is not the question alone: what is counted, and how much it needs, is.",
            ),
        ),
    ),
    Question(
        "8.q4",
        "A shop trains by federated averaging: ratings stay on the phones, plain updates are sent. Who can read them?",
        (
            Choice("Nobody", "In 8.4 a server computed every film and every star from one plain update."),
            Choice(
                "The server, from the updates",
                "So the updates must be hidden in their sum, and the sum needs clipping and noise.",
                right=True,
            ),
            Choice(
                "Only somebody who steals the phone",
                "That one too. But an update is made of the ratings, and it is sent away.",
            ),
        ),
    ),
    Question(
        "8.q5",
        "Predictions are worse for women than for men, with intervals that do not overlap. What follows?",
        (
            Choice("The data have too few women", "Perhaps. In 8.5 this was tested, and equal numbers left the gap."),
            Choice("The model discriminates", "The gap is a fact about results. It does not say where it comes from."),
            Choice(
                "There is a gap; its cause must be tested",
                "Change one thing, such as who teaches, and measure again.",
                right=True,
            ),
        ),
    ),
    Question(
        "8.q6",
        "'Because you watched A' is computed exactly from the model's weights. Is A the cause that you watch B?",
        (
            Choice(
                "Yes, the weights are exact",
                "They are exact about the model. In the planted world no film caused another, whatever its weight.",
            ),
            Choice(
                "It cannot be said from the log alone",
                "A campaign or a taste may stand behind both. An experiment, or a recorded confounder, can tell.",
                right=True,
            ),
            Choice(
                "No, films never cause anything",
                "They may: a sequel is watched because of the first part. The log alone does not show which it is.",
            ),
        ),
    ),
]
