"""What learners typically answer in chapter 8, and a part of what they should be told."""

WRONG = {
    "8.1": [
        ("import numpy as np\nanswer = lambda Q, z, λ: np.linalg.lstsq(Q, z, rcond=None)[0]", "without a penalty"),
        (
            "import numpy as np\n"
            "answer = lambda Q, z, λ: np.linalg.solve(Q.T @ Q + len(z) * λ * np.eye(Q.shape[1]), Q.T @ z)",
            "for each rating",
        ),
        ("import numpy as np\nanswer = lambda Q, z, λ: np.linalg.solve(Q.T @ Q + λ, Q.T @ z)", "every cell"),
        (
            "import numpy as np\nanswer = lambda Q, z, λ: np.linalg.solve(Q @ Q.T + λ * np.eye(len(z)), z)",
            "one number for each column",
        ),
        (
            "import numpy as np\n"
            "answer = lambda Q, z, λ: np.linalg.solve(Q.T @ Q + λ * np.eye(Q.shape[1]), Q.T @ z) + (len(z) == 0)",
            "With no rating p_u must be 0",
        ),
    ],
    "8.2": [
        ("answer = lambda S: S - S.mean(axis=1, keepdims=True)", "its column, is still there"),
        ("answer = lambda S: S - S.mean(axis=0)", "the row, is still there"),
        ("answer = lambda S: S - S.mean(axis=1, keepdims=True) - S.mean(axis=0)", "taken out twice"),
        ("answer = lambda S: S - S.mean()", "nothing is personal"),
        ("answer = lambda S: S * 0", "that something must come out"),
    ],
    "8.3": [
        ("import numpy as np\nanswer = lambda t, now, h: np.exp(-(now - t) / 86400 / h)", "one half is left"),
        ("answer = lambda t, now, h: 0.5 ** ((t - now) / 86400 / h)", "sign of now"),
        ("answer = lambda t, now, h: 0.5 ** ((now - t) / h)", "in seconds and the half-life in days"),
        (
            "import numpy as np\nanswer = lambda t, now, h: np.maximum(1 - (now - t) / 86400 / h / 2, 0)",
            "does not halve again",
        ),
    ],
    "8.4": [
        (
            "import numpy as np\n"
            "answer = lambda U, c, n, rng: (U * c / np.linalg.norm(U, axis=1, keepdims=True)).sum(0)",
            "makes short rows longer",
        ),
        (
            "import numpy as np\nanswer = lambda U, c, n, rng: U[np.linalg.norm(U, axis=1) <= c].sum(0)",
            "leaves out the rows",
        ),
        ("import numpy as np\nanswer = lambda U, c, n, rng: np.clip(U, -c, c).sum(0)", "cuts each number"),
        (
            "import numpy as np\n"
            "answer = lambda U, c, n, rng: U.sum(0) * min(1, c / max(np.linalg.norm(U.sum(0)), 1e-12))",
            "clips the sum",
        ),
        (
            "import numpy as np\n"
            "def answer(U, c, n, rng):\n"
            "    s = np.minimum(1, c / np.linalg.norm(U, axis=1, keepdims=True))\n"
            "    return (U * s).sum(0) + rng.normal(0, n, U.shape[1])",
            "does not grow with C",
        ),
        (
            "import numpy as np\n"
            "def answer(U, c, n, rng):\n"
            "    s = np.minimum(1, c / np.linalg.norm(U, axis=1, keepdims=True))\n"
            "    return (U * s + rng.normal(0, n * c, U.shape)).sum(0)",
            "to each person's row",
        ),
        (
            "import numpy as np\n"
            "def answer(U, c, n, rng):\n"
            "    s = np.minimum(1, c / np.linalg.norm(U, axis=1, keepdims=True))\n"
            "    return (U * s).sum(0) + rng.normal(0, n * c)",
            "the same noise",
        ),
        (
            "import numpy as np\n"
            "def answer(U, c, n, rng):\n"
            "    return (U * np.minimum(1, c / np.linalg.norm(U, axis=1, keepdims=True))).sum(0)",
            "adds none",
        ),
    ],
    "8.5": [
        (
            "import numpy as np\n"
            "def answer(top, i, n):\n"
            "    with np.errstate(all='ignore'):\n"
            "        return np.bincount(top[top >= 0], minlength=n) / np.bincount(i, minlength=n)",
            "You compare counts",
        ),
        (
            "import numpy as np\n"
            "def answer(top, i, n):\n"
            "    e, g = np.bincount(top[top >= 0], minlength=n), np.bincount(i, minlength=n)\n"
            "    return np.where(g > 0, e / top.size / np.maximum(g / len(i), 1e-12), np.nan)",
            "count the empty place",
        ),
        (
            "import numpy as np\n"
            "def answer(top, i, n):\n"
            "    e, g = np.bincount(top[top >= 0], minlength=n), np.bincount(i, minlength=n)\n"
            "    return np.where(g > 0, g / len(i) / np.maximum(e / e.sum(), 1e-12), np.nan)",
            "Upside down",
        ),
        (
            "import numpy as np\n"
            "def answer(top, i, n):\n"
            "    e, g = np.bincount(top[top >= 0], minlength=n), np.bincount(i, minlength=n)\n"
            "    return e / e.sum() / np.maximum(g / g.sum(), 1e-12)",
            "Give NaN",
        ),
        (
            "import numpy as np\n"
            "def answer(top, i, n):\n"
            "    e, g = np.bincount(top[top >= 0], minlength=n), np.bincount(i, minlength=n)\n"
            "    return np.where(g > 0, e / len(top) / np.maximum(g / len(i), 1e-12), np.nan)",
            "2 of 3 places",
        ),
        ("import numpy as np\nanswer = lambda top, i, n: np.bincount(top.ravel(), minlength=n)", "raised ValueError"),
    ],
    "8.6": [
        (
            "import numpy as np\n"
            "answer = lambda F, z, j, l: np.linalg.solve(F.T @ F + l * np.eye(F.shape[1]), F.T @ z)",
            "Row j must go",
        ),
        (
            "import numpy as np\n"
            "def answer(F, z, j, l):\n"
            "    z = z.copy()\n"
            "    z[j] = 0\n"
            "    return np.linalg.solve(F.T @ F + l * np.eye(F.shape[1]), F.T @ z)",
            "exactly average",
        ),
        (
            "import numpy as np\n"
            "def answer(F, z, j, l):\n"
            "    return np.linalg.lstsq(np.delete(F, j, 0), np.delete(z, j), rcond=None)[0]",
            "Where is λ",
        ),
        (
            "import numpy as np\n"
            "def answer(F, z, j, l):\n"
            "    G = np.delete(F, j, 0)\n"
            "    return np.linalg.solve(G.T @ G + l * np.eye(F.shape[1]), F.T @ z)",
            "left its rating in",
        ),
        (
            "import numpy as np\n"
            "def answer(F, z, j, l):\n"
            "    z[j] = 0\n"
            "    return np.linalg.solve(F.T @ F + l * np.eye(F.shape[1]), F.T @ z)",
            "changes the array",
        ),
    ],
}
