"""What learners typically answer in chapter 7, and a part of what they should be told."""

WRONG = {
    "7.1": [
        (
            "def answer(losses, patience, min_delta):\n    bad = 0\n    for epoch in range(1, len(losses)):\n"
            "        bad = bad + 1 if losses[epoch] >= losses[epoch - 1] else 0\n        if bad >= patience:\n"
            "            break\n    return epoch, min(range(epoch + 1), key=losses.__getitem__)",
            "not with the one before",
        ),
        (
            "def answer(losses, patience, min_delta):\n    best = 0\n    for epoch, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n            best = epoch\n        elif epoch - best > patience:\n"
            "            break\n    return epoch, best",
            "one epoch too long",
        ),
        (
            "def answer(losses, patience, min_delta):\n    best = 0\n    for epoch, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n            best = epoch\n        elif epoch - best >= patience:\n"
            "            break\n    return best, epoch",
            "in the other order",
        ),
        (
            "def answer(losses, patience, min_delta):\n    best = bad = 0\n    for epoch, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n            best = epoch\n        elif epoch:\n            bad += 1\n"
            "            if bad >= patience:\n                break\n    return epoch, best",
            "back to 0",
        ),
        (
            "def answer(losses, patience, min_delta):\n    best = 0\n    for epoch, loss in enumerate(losses):\n"
            "        if loss < losses[best]:\n            best = epoch\n        elif epoch - best >= patience:\n"
            "            break\n    return epoch, best",
            "has no effect",
        ),
        (
            "def answer(losses, patience, min_delta):\n    best = 0\n    for epoch, loss in enumerate(losses):\n"
            "        if loss < losses[best] + min_delta:\n            best = epoch\n"
            "        elif epoch - best >= patience:\n            break\n    return epoch, best",
            "mind the sign",
        ),
        (
            "def answer(losses, patience, min_delta):\n    best = 0\n    for epoch in range(1, len(losses)):\n"
            "        if losses[epoch] < min(losses[epoch - 1] - min_delta, losses[best]):\n            best = epoch\n"
            "        elif epoch - best >= patience:\n            break\n    return epoch, best",
            "never enough for yours",
        ),
        ("answer = lambda losses, patience, min_delta: 4", "Two epochs are asked for"),
        ("answer = lambda losses, patience, min_delta: (4, min(losses))", "return a loss"),
    ],
    "7.2": [
        ("answer = lambda e: (e.sum(1) ** 2 - (e ** 2).sum(1)).sum(1)", "twice too much"),
        ("answer = lambda e: (e.sum(1) ** 2).sum(1) / 2", "each vector with itself"),
        ("import numpy as np\nanswer = lambda e: [np.triu(x @ x.T).sum() for x in e]", "each vector with itself"),
        ("answer = lambda e: ((e.sum(1) ** 2 - (e ** 2).sum(1)) / 2).sum()", "examples are mixed"),
        ("answer = lambda e: (e.sum(1) ** 2 - (e ** 2).sum(1)) / 2", "still has d numbers"),
    ],
    "7.3": [
        ("import numpy as np\nanswer = lambda x, y, W: np.einsum('hij,bid,bjd->bh', W, x, y)", "summed over d"),
        (
            "import numpy as np\nanswer = lambda x, y, W: np.einsum('hij,bid,bjd->hd', W, x, y)",
            "sums over the examples",
        ),
        ("import numpy as np\nanswer = lambda x, y, W: np.einsum('hji,bid,bjd->bhd', W, x, y)", "swaps them"),
        (
            "import numpy as np\nanswer = lambda x, y, W: np.maximum(np.einsum('hij,bid,bjd->bhd', W, x, y), 0)",
            "a ReLU",
        ),
        ("import numpy as np\nanswer = lambda x, y, W: np.einsum('hij,bid->bhd', W, x)", "x_0 is missing"),
    ],
    "7.4": [
        (
            "def answer(titles, years):\n    return '\\n'.join(f'{t}\\t{y}' for t, y in zip(titles, years))",
            "must name the columns",
        ),
        (
            "def answer(titles, years):\n    rows = [f'{t}\\t{y}' for t, y in zip(titles, years)]\n"
            "    return '\\n'.join(['title\\tyear', *rows])",
            "makes two lines of it",
        ),
        (
            "def answer(titles, years):\n    titles = [t.replace('\\n', ' ') for t in titles]\n"
            "    rows = [f'{t}\\t{y}' for t, y in zip(titles, years)]\n"
            "    return '\\n'.join(['title\\tyear', *rows])",
            "makes a third column",
        ),
        ("answer = lambda titles, years: [titles, years]", "one str"),
        (
            "def answer(titles, years):\n    rows = [f'{y}\\t' + ' '.join(t.split()) for t, y in zip(titles, years)]\n"
            "    return '\\n'.join(['year\\ttitle', *rows])",
            "The title is the first column",
        ),
    ],
    "7.5": [
        (
            "import numpy as np\nanswer = lambda top, seen: np.array([len(set(row)) == len(row) for row in top])",
            "which user 1 has rated",
        ),
        ("answer = lambda top, seen: [not seen[u, row].any() for u, row in enumerate(top)]", "film 3 twice"),
        (
            "answer = lambda top, seen: all(len(set(r)) == len(r) and not seen[u, r].any() for u, r in enumerate(top))",
            "One verdict for all",
        ),
        (
            "answer = lambda top, seen: [len(set(r)) == len(r) and not seen[:, r].any() for r in top]",
            "films that others have too",
        ),
        (
            "answer = lambda top, seen: [not (len(set(r)) == len(r) and not s[r].any()) for r, s in zip(top, seen)]",
            "the other way round",
        ),
    ],
}
