"""Chapter 2, core concepts: an angle, a look-up, a taste, a direction, and how honest a map is."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, call, expect, expect_array


def _cosine(answer: object) -> None:
    rng = np.random.default_rng(1)
    q, Q = 2 * rng.normal(size=5), rng.normal(size=(7, 5)) * rng.uniform(0.5, 3, size=(7, 1))
    ask = "One cosine for each row of Q is asked for, without NaN."
    c = expect_array(call(answer, q, Q), (7,), ask)
    size, length = np.linalg.norm(q), np.linalg.norm(Q, axis=1)
    right = Q @ q / (size * length)
    expect(not np.allclose(c, Q @ q), "That is the dot product: it grows with the lengths. Divide by both of them.")
    expect(not np.allclose(c, Q @ q / length), "You divide by the lengths of the rows of Q. That of q is missing.")
    expect(not np.allclose(c, Q @ q / size), "You divide by the length of q. Those of the rows of Q are missing.")
    expect(
        not np.allclose(c, Q @ q / (size * np.linalg.norm(Q))),
        "You divide all rows by one length, that of the whole matrix. `axis=1` gives one for each row.",
    )
    expect(not np.allclose(c, 1 - right), "That is 1 − cosine, a distance. The cosine itself is asked for.")
    expect(np.allclose(c, right), "Check it on q itself: the cosine of a vector with itself is 1.")
    none = expect_array(call(answer, q, np.vstack([Q[:2], np.zeros(5)])), (3,), f"{ask} A row of zeros has length 0.")
    expect(none[2] == 0, "A film whose vector is all 0 must get the cosine 0.")


def _one_hot(answer: object) -> None:
    index, Q = np.array([2, 0, 2, 4]), np.random.default_rng(2).normal(size=(5, 3))
    ask = "A matrix with one row for each entry of `index`, and n columns, is asked for."
    found = np.shape(call(answer, index, 5))
    expect(found != (5, 4), "Yours is the other way round: one row for each place of `index`, one column a film.")
    expect(found != (5,), "You mark all films in one vector: the product would be the sum of their rows. One row each.")
    H = expect_array(call(answer, index, 5), (4, 5), ask)
    expect(set(np.unique(H)) <= {0.0, 1.0}, "A one-hot vector has a single 1, and 0 elsewhere.")
    expect((H.sum(axis=1) == 1).all(), "Each row must have exactly one 1. (Do you count from 1? Rows start at 0.)")
    expect(np.allclose(H @ Q, Q[index]), "The 1 stands at the wrong place: one_hot(index, n) @ Q must be Q[index].")


def _taste(answer: object) -> None:
    rng = np.random.default_rng(4)
    Q_u, z, lam = rng.normal(size=(9, 3)), rng.normal(size=9), 2.0
    ask = "The vector of the user is asked for: d numbers, one for each factor."
    p = expect_array(call(answer, Q_u, z, lam), (3,), ask)
    A, b = Q_u.T @ Q_u, Q_u.T @ z
    expect(not np.allclose(p, b), "That is Q_uᵀ z alone. It must be solved with Q_uᵀ Q_u + λ · 1.")
    expect(
        not np.allclose(p, np.linalg.solve(A, b)),
        "The penalty λ is missing: without it a user with few ratings gets huge numbers.",
    )
    expect(
        not np.allclose(p, np.linalg.solve(A + lam, b)),
        "`A + lam` adds λ to every cell. It belongs on the diagonal alone: `lam * np.eye(d)`.",
    )
    expect(
        not np.allclose(p, np.linalg.solve(A + lam * len(z) * np.eye(3), b)),
        "You charge the penalty once for each rating. In 2.3 it is charged once.",
    )
    expect(np.allclose(p, np.linalg.solve(A + lam * np.eye(3), b)), "Check: p = (Q_uᵀ Q_u + λ · 1)⁻¹ Q_uᵀ z.")
    one = expect_array(call(answer, Q_u[:1], z[:1], lam), (3,), f"{ask} (This user has a single rating.)")
    expect(
        np.allclose(one, Q_u[0] * z[0] / (Q_u[0] @ Q_u[0] + lam)),
        "With a single rating p must point along that film's vector.",
    )


def _direction(answer: object) -> None:
    rng = np.random.default_rng(5)
    Q, has = rng.normal(size=(20, 4)), np.arange(20) % 3 == 0
    ask = "One vector of d numbers is asked for."
    d = expect_array(call(answer, Q, has), (4,), ask)
    raw = Q[has].mean(axis=0) - Q[~has].mean(axis=0)
    with_it = Q[has].mean(axis=0)
    right = raw / np.linalg.norm(raw)
    expect(not np.allclose(d, raw), "The direction is right, its length is not 1. Divide by the length.")
    expect(not np.allclose(d, -right), "Yours points away from the films with the property. Which mean comes first?")
    expect(
        not (np.allclose(d, with_it) or np.allclose(d, with_it / np.linalg.norm(with_it))),
        "That is where the films with the property lie. What they share with all films is in it: take off the others.",
    )
    sums = Q[has].sum(axis=0) - Q[~has].sum(axis=0)
    expect(
        not np.allclose(d, sums / np.linalg.norm(sums)),
        "You subtract sums. There are more films without the property than with it: take means.",
    )
    expect(np.allclose(d, right), "Check: mean of the ones, less mean of the others, divided by its length.")
    moved = expect_array(call(answer, Q + 7, has), (4,), ask)
    expect(np.allclose(moved, right), "Move all films by the same step: the direction must stay, and yours changes.")


def _kept(answer: object) -> None:
    true = np.array([[1, 2, 3, 4], [0, 2, 3, 4], [0, 1, 3, 4]])
    on_map = np.array([[4, 1, 8, 9], [7, 8, 9, 1], [4, 3, 1, 0]])  # 2, 0 and 4 of 4
    share = float(expect_array(call(answer, true, on_map), (), "One number is asked for: a share between 0 and 1."))
    expect(
        not np.isclose(share, np.mean(true == on_map)),
        "You compare place by place. A neighbour that is second here and fourth there is kept all the same.",
    )
    expect(not np.isclose(share, 2), "That is the mean number of kept neighbours. Divide by k for a share.")
    anywhere = [np.isin(on_map, true).mean(), np.isin(true, on_map).mean()]
    expect(
        not np.isclose(share, anywhere).any(),
        "You look for a neighbour anywhere in the other array. It must be a neighbour of the same film: row by row.",
    )
    expect(np.isclose(share, 0.5), f"For three films with 2, 0 and 4 of 4 kept neighbours yours gives {share:.3g}.")


EXERCISES = [
    Exercise(
        "2.1",
        "Write cosine_of(q, Q): the cosine of q (d,) with each row of Q (n, d); 0 for a vector of length 0.",
        _cosine,
        (
            "Start with all dot products at once. What must be taken out of them?",
            "`np.linalg.norm(Q, axis=1)` is the length of each row, `np.linalg.norm(q)` that of q.",
            "Where a length is 0 the dot product is 0 too: divide by 1 there, `np.where(length == 0, 1, length)`.",
        ),
        "import numpy as np\n\n\ndef answer(q, Q):\n    length = np.linalg.norm(Q, axis=1) * np.linalg.norm(q)\n"
        "    return Q @ q / np.where(length == 0, 1, length)",
        "Direction alone: a popular film gains nothing from its long vector.",
    ),
    Exercise(
        "2.2",
        "Write one_hot_of(index, n), so that one_hot_of(index, n) @ Q is Q[index] for any Q with n rows.",
        _one_hot,
        (
            "How many rows and columns must the matrix have, for the product to have the shape of `Q[index]`?",
            "Begin with zeros of shape (len(index), n). Row k has its 1 in column index[k].",
            "The unit matrix has all one-hot vectors as its rows: choose some of them with `np.eye(n)[...]`.",
        ),
        "import numpy as np\n\n\ndef answer(index, n):\n    return np.eye(n)[index]",
        "Both sides are the same; looking up is what a computer does.",
    ),
    Exercise(
        "2.3",
        "Write taste_of(Q_u, z, lam): p_u = (Q_uᵀ Q_u + λ · 1)⁻¹ Q_uᵀ z, with Q_u (n, d) and z (n,).",
        _taste,
        (
            "Write down the shape of each piece: which of them are (d, d), which (d,)?",
            "`np.linalg.solve(A, b)` gives the p with A p = b.",
            "A = Q_u.T @ Q_u + lam * np.eye(d), b = Q_u.T @ z.",
        ),
        "import numpy as np\n\n\ndef answer(Q_u, z, lam):\n    A = Q_u.T @ Q_u + lam * np.eye(Q_u.shape[1])\n"
        "    return np.linalg.solve(A, Q_u.T @ z)",
        "This is how a new user is taken in without training again (chapter 8).",
    ),
    Exercise(
        "2.4",
        "Write direction_of(Q, has): from the films without the property to those with it, of length 1.",
        _direction,
        (
            "An arrow from one point to another is the second point less the first. Which two points?",
            "The two means: `Q[has].mean(axis=0)` and `Q[~has].mean(axis=0)`.",
            "Subtract the second from the first, then divide by `np.linalg.norm` of the result.",
        ),
        "import numpy as np\n\n\ndef answer(Q, has):\n    d = Q[has].mean(axis=0) - Q[~has].mean(axis=0)\n"
        "    return d / np.linalg.norm(d)",
        "Now test it on films that it was not made from.",
    ),
    Exercise(
        "2.5",
        "Write kept_of(true, on_map), both (n, k): the mean share of true neighbours that are neighbours on the map.",
        _kept,
        (
            "For one film there are two sets of k rows. What do they have in common?",
            "Go film by film: `len(set(a) & set(b)) / k`. Then the mean of all films.",
            "`[len(set(a) & set(b)) / len(a) for a, b in zip(true, on_map)]` has one share for each film.",
        ),
        "import numpy as np\n\n\ndef answer(true, on_map):\n"
        "    return np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(true, on_map)])",
        "Put this number beside every map that you show.",
    ),
]

QUESTIONS = [
    Question(
        "2.q1",
        "A film's vector becomes twice as long, its direction stays. What changes?",
        (
            Choice("Its cosine with all other films", "The cosine divides by the length: it stays the same."),
            Choice("Its dot product with all others", "It doubles, so the film moves up in many lists.", right=True),
            Choice("Nothing", "The cosine stays. The dot product and the distance do not."),
        ),
    ),
    Question(
        "2.q2",
        "In a learned space, action films have large values on axis 3. What follows?",
        (
            Choice("Axis 3 is the action axis", "Turn the space: the same predictions, and another axis 3."),
            Choice("The model knows genres", "It knows who liked what. Genres may be found in that, or not."),
            Choice(
                "A direction of the space goes with action; that it lies along an axis is an accident",
                "Look for the direction and test it on films that it was not made from.",
                right=True,
            ),
        ),
    ),
    Question(
        "2.q3",
        "Why does an embedding layer look up a row, though the formula has a product?",
        (
            Choice("A one-hot vector times the matrix is that row", "All other terms are 0.", right=True),
            Choice("It is an approximation that is faster", "It is exact: not a bit of the result differs."),
            Choice(
                "A look-up can be learned, a product cannot", "Both are linear in the matrix, and both are learned."
            ),
        ),
    ),
    Question(
        "2.q4",
        "On a UMAP map two clusters lie far apart. What can you say?",
        (
            Choice(
                "People who like the one dislike the other",
                "The map knows nothing of who dislikes what. Ask the ratings.",
            ),
            Choice(
                "They are the two most different clusters",
                "Far distances on our maps agreed with the true ones in part only. Compute it.",
            ),
            Choice(
                "Little: look at neighbours, in all dimensions",
                "A map keeps a part of the neighbours, and the distances only roughly.",
                right=True,
            ),
        ),
    ),
]
