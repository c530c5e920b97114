"""What learners typically answer in chapter 2, and a part of what they should be told."""

NP = "import numpy as np\n"

WRONG = {
    "2.1": [
        ("answer = lambda q, Q: Q @ q", "the dot product"),
        (NP + "answer = lambda q, Q: Q @ q / np.linalg.norm(Q, axis=1)", "That of q is missing"),
        (NP + "answer = lambda q, Q: Q @ q / np.linalg.norm(q)", "rows of Q are missing"),
        (NP + "answer = lambda q, Q: Q @ q / np.linalg.norm(q) / np.linalg.norm(Q)", "`axis=1`"),
        (
            NP + "def answer(q, Q):\n    with np.errstate(all='ignore'):\n"
            "        return Q @ q / np.linalg.norm(q) / np.linalg.norm(Q, axis=1)",
            "A row of zeros",
        ),
    ],
    "2.2": [
        (NP + "answer = lambda index, n: np.eye(n)[index].T", "the other way round"),
        (NP + "answer = lambda index, n: np.eye(n)[index].sum(0)", "in one vector"),
        (NP + "answer = lambda index, n: np.eye(n)[index - 1]", "wrong place"),
        (NP + "answer = lambda index, n: np.eye(n + 1)[index][:, 1:]", "exactly one 1"),
    ],
    "2.3": [
        (NP + "answer = lambda Q, z, lam: np.linalg.lstsq(Q, z, rcond=None)[0]", "penalty λ is missing"),
        (NP + "answer = lambda Q, z, lam: np.linalg.solve(Q.T @ Q + lam, Q.T @ z)", "every cell"),
        (
            NP + "answer = lambda Q, z, lam: np.linalg.solve(Q.T @ Q + len(z) * lam * np.eye(Q.shape[1]), Q.T @ z)",
            "once for each rating",
        ),
        ("answer = lambda Q, z, lam: Q.T @ z", "alone"),
    ],
    "2.4": [
        ("answer = lambda Q, has: Q[has].mean(0) - Q[~has].mean(0)", "length is not 1"),
        (
            NP + "def answer(Q, has):\n    d = Q[~has].mean(0) - Q[has].mean(0)\n    return d / np.linalg.norm(d)",
            "points away",
        ),
        (NP + "def answer(Q, has):\n    d = Q[has].mean(0)\n    return d / np.linalg.norm(d)", "take off the others"),
        (
            NP + "def answer(Q, has):\n    d = Q[has].sum(0) - Q[~has].sum(0)\n    return d / np.linalg.norm(d)",
            "You subtract sums",
        ),
    ],
    "2.5": [
        ("answer = lambda true, on_map: (true == on_map).mean()", "place by place"),
        (NP + "answer = lambda true, on_map: np.isin(on_map, true).mean()", "row by row"),
        (NP + "answer = lambda true, on_map: np.isin(true, on_map).mean()", "row by row"),
        (
            NP + "answer = lambda true, on_map: np.mean([len(set(a) & set(b)) for a, b in zip(true, on_map)])",
            "Divide by k",
        ),
    ],
}
