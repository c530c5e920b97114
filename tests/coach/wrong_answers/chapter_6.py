"""What learners typically answer in chapter 6, and a part of what they should be told."""

NP = "import numpy as np\n"

WRONG = {
    "6.1": [
        (NP + "answer = lambda R: (R > 0) * 1.0 @ ((R > 0) * 1.0).T", "compares users with users"),
        (NP + "answer = lambda R: R.T @ R * (1 - np.eye(R.shape[1]))", "You multiply stars"),
        (NP + "answer = lambda R: ((R > 0) * 1.0).T @ ((R > 0) * 1.0)", "No item is its own neighbour"),
        ("answer = lambda R: (R > 0).T @ (R > 0)", "no count"),
        (NP + "answer = lambda R: np.triu(((R > 0) * 1.0).T @ ((R > 0) * 1.0), 1)", "not symmetric"),
    ],
    "6.2": [
        (NP + "answer = lambda t, s, e, b: np.floor((t - s) / (e - s) * b)", "only 0 to 3"),
        (
            NP + "answer = lambda t, s, e, b: np.clip((t - t.min()) // max((t.max() - t.min()) / b, 1), 0, b - 1)",
            "depends on the other times",
        ),
        (NP + "answer = lambda t, s, e, b: np.clip((t - s) / (e - s) * b, 0, b - 1)", "Bins are whole numbers"),
        (NP + "answer = lambda t, s, e, b: np.clip(np.round((t - s) / (e - s) * b), 0, b - 1)", "not to the nearest"),
        (NP + "answer = lambda t, s, e, b: np.digitize(t, np.linspace(s, e, b + 1))", "from bin 0"),
        (NP + "answer = lambda t, s, e, b: np.minimum((t - s) // ((e - s) / b), b - 1)", "the nearest bin"),
    ],
    "6.3": [
        (
            "answer = lambda x, w: [(x[a], x[b]) for a in range(len(x)) for b in range(len(x)) if abs(a - b) <= w]",
            "in its own context",
        ),
        (
            "answer = lambda x, w: [(x[a], x[b]) for a in range(len(x)) for b in range(len(x)) if 0 < b - a <= w]",
            "to one side only",
        ),
        (
            "answer = lambda x, w: [(x[a], x[b]) for a in range(len(x)) for b in range(len(x)) if abs(a - b) == 1]",
            "direct neighbours only",
        ),
        (
            "answer = lambda x, w: [(x[a], x[b]) for a in range(len(x)) for b in range(len(x)) if a != b]",
            "beyond the window",
        ),
        (
            "answer = lambda x, w: [(a, b) for a in range(len(x)) for b in range(len(x)) if 0 < abs(a - b) <= w]",
            "not their places",
        ),
        (
            "answer = lambda x, w: [(x[a], x[b]) for a in range(len(x)) "
            "for b in range(max(a - w, 0), min(a + w, len(x))) if b != a]",
            "Yours lacks",
        ),
        ("answer = lambda x, w: [(x[a], list(x[:a])) for a in range(len(x))]", "two items in each"),
    ],
    "6.4": [
        ("answer = lambda a, h, q: (a[..., None] * q[h]).sum(1)", "it got into your sum"),
        (NP + "answer = lambda a, h, q: (a[..., None] * q[np.maximum(h, 0)]).sum(1)", "became item 0"),
        (
            "answer = lambda a, h, q: (q[h] * (h >= 0)[..., None]).sum(1) / (h >= 0).sum(1, keepdims=True)",
            "the mean of the history",
        ),
        (
            "answer = lambda a, h, q: (a[..., None] * q[h] * (h >= 0)[..., None]).sum(1)"
            " / (a * (h >= 0)).sum(1, keepdims=True)",
            "divide by the sum",
        ),
        (
            "answer = lambda a, h, q: (a[..., None] * q[h] * (h >= 0)[..., None]).sum(1)"
            " / (h >= 0).sum(1, keepdims=True)",
            "by the number of items",
        ),
        ("answer = lambda a, h, q: (a[..., None] * q[h] * (h > 0)[..., None]).sum(1)", "left out item 0"),
    ],
    "6.5": [
        (NP + "answer = lambda c, z: np.argsort(-z, axis=1)", "You return places"),
        (NP + "answer = lambda c, z: np.take_along_axis(c, np.argsort(z, axis=1), axis=1)", "The worst comes first"),
        (NP + "answer = lambda c, z: np.sort(c, axis=1)[:, ::-1]", "numbers of the items"),
        (NP + "answer = lambda c, z: c[:, np.argsort(-z[0])]", "the first user's z"),
        (NP + "answer = lambda c, z: c.ravel()[np.argsort(-z.ravel())].reshape(c.shape)", "must be sorted by itself"),
    ],
}
