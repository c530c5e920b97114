"""What learners typically answer in chapter 4, and a part of what they should be told."""

WRONG = {
    "4.1": [
        ("answer = -0.4", "what the neuron gives now"),
        ("answer = 0.0", "With b = 0"),
        ("answer = 1.4", "the neuron gives 1"),
        ("answer = [0.4, 0.4]", "One number is asked for"),
    ],
    "4.2": [
        ("import numpy as np\nanswer = (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0)", "that is plain ReLU"),
        (
            "import numpy as np\nf = lambda z: np.where(z > 0, z, 0.1 * z)\nanswer = (f, lambda z: (z > 0) * 1.0)",
            "nothing is learnt",
        ),
        ("import numpy as np\nf = lambda z: np.where(z > 0, z, 0.1 * z)\nanswer = (f, f)", "the function's own values"),
        ("answer = lambda z: z", "Two functions are asked for"),
    ],
    "4.3": [
        ("import numpy as np\nanswer = lambda r, p, known: np.mean((r - p) ** 2)", "counts as 0 stars"),
        ("import numpy as np\nanswer = lambda r, p, known: np.mean(known * (r - p) ** 2)", "divide by all cells"),
        ("import numpy as np\nanswer = lambda r, p, known: np.sum(known * (r - p) ** 2)", "That is the sum"),
        ("import numpy as np\nanswer = lambda r, p, known: np.mean(abs(r - p)[known])", "The squared loss squares it"),
    ],
    "4.4": [
        (
            "import numpy as np\ndef answer(s, rows, g):\n    G = np.zeros(s)\n    G[rows] += g\n    return G",
            "the last one wins",
        ),
        (
            "import numpy as np\ndef answer(s, rows, g):\n    G = np.zeros(s)\n    for r in set(rows.tolist()):\n"
            "        G[r] = g[rows == r].mean(0)\n    return G",
            "the mean of its two gradients",
        ),
        ("answer = lambda s, rows, g: g", "shape of the table"),
    ],
}
