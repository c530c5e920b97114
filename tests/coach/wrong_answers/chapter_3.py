"""What learners typically answer in chapter 3, and a part of what they should be told."""

KEEP = (
    "import numpy as np\ndef answer(user, item, time):\n    kept = {%s: k for k in %s}\n"
    "    return np.sort(list(kept.values()))"
)
LAST = (
    "import numpy as np\ndef answer(user, time):\n    mask = np.zeros(len(user), bool)\n"
    "    for u in np.unique(user):\n        rows = np.flatnonzero(user == u)\n"
    "        if len(rows) >= %s:\n            mask[%s] = True\n    return mask"
)
PASTS = (
    "import numpy as np\ndef answer(items, L):\n    rows = np.full((len(items), L), -1)\n"
    "    for k in range(len(items)):\n        before = %s\n        rows[k, %s] = before\n    return rows"
)
FITS = (
    "import numpy as np\ndef answer(E, F, b):\n    fits = [np.sum(F * E[t : t + len(F)]) %s for t in range(%s)]\n"
    "    return %s"
)
ALL_PLACES = "len(E) - len(F) + 1"
LIST = "import numpy as np\nanswer = lambda scores, seen, n: %s[:, :n]"
NDCG = (
    "import numpy as np\ndef answer(top, relevant):\n    worth = 1 / np.log2(np.arange(len(top)) + %s)\n"
    "    hit = np.array([i in relevant for i in top])\n    return %s"
)

WRONG = {
    "3.1": [
        (KEEP % ("(user[k], item[k])", "np.argsort(-time)"), "You keep the first rating"),
        (KEEP % ("(user[k], item[k])", "range(len(time))"), "last in the file"),
        (KEEP % ("user[k]", "np.argsort(time)"), "one record for each user"),
        (KEEP % ("item[k]", "np.argsort(time)"), "one record for each item"),
        (
            "import numpy as np\ndef answer(user, item, time):\n"
            "    return np.array([t == time[(user == u) & (item == i)].max() for u, i, t in zip(user, item, time)])",
            "a mask of True and False",
        ),
        (
            "import numpy as np\nanswer = lambda u, i, t: list({(u[k], i[k]): k for k in np.argsort(t)}.values())",
            "not ascending",
        ),
    ],
    "3.2": [
        (LAST % ("1", "rows[np.argmax(time[rows])]"), "User 1 has one record only"),
        ("answer = lambda user, time: time == time.max()", "the latest record of all"),
        (LAST % ("2", "rows[-1]"), "stands last in the file"),
        (LAST % ("2", "rows[np.argmin(time[rows])]"), "the first record"),
        ("import numpy as np\nanswer = lambda user, time: np.argsort(time)", "One True or False"),
    ],
    "3.3": [
        (PASTS % ("items[max(0, k - L + 1) : k + 1]", ": len(before)"), "in its own past"),
        (PASTS % ("items[max(0, k - L) : k]", "L - len(before) :"), "at the left"),
        (PASTS % ("items[max(0, k - L) : k][::-1]", ": len(before)"), "newest item first"),
        (PASTS % ("items[: min(k, L)]", ": len(before)"), "You keep the first two"),
        (PASTS.replace("-1)", "0)") % ("items[max(0, k - L) : k]", ": len(before)"), "its past is −1 alone"),
        ("answer = lambda items, L: items[:L]", "one row for each item"),
    ],
    "3.4": [
        (FITS % ("+ b", ALL_PLACES, "fits"), "maximum over them is missing"),
        (FITS % ("+ b", ALL_PLACES, "np.mean(np.maximum(fits, 0))"), "the mean over the places"),
        (FITS % ("+ b", "len(E) - len(F)", "max(0, max(fits))"), "leave out the last place"),
        (FITS % ("", ALL_PLACES, "max(0, max(fits))"), "bias b is missing"),
        (FITS % ("+ b", ALL_PLACES, "max(fits)"), "ReLU is missing"),
        (FITS % ("", ALL_PLACES, "max(0, max(fits)) + b"), "after b was added"),
        (FITS % ("+ b", ALL_PLACES, "np.maximum(fits, 0).sum()"), "sum over the places"),
        (FITS % ("+ b", "len(E)", "max(0, max(fits))"), "hangs over the end"),
        (FITS.replace("F *", "F[::-1] *") % ("+ b", ALL_PLACES, "max(0, max(fits))"), "turn the filter round"),
    ],
    "3.5": [
        (LIST % "np.argsort(-scores, axis=1)", "seen already"),
        (LIST % "np.argsort(-scores * ~seen, axis=1)", "Mask with −∞"),
        (LIST % "np.argsort(-np.where(seen, scores, -np.inf), axis=1)", "the wrong way round"),
        (LIST % "np.argsort(np.where(seen, np.inf, scores), axis=1)", "begin with the worst"),
        (LIST % "-np.sort(-np.where(seen, -np.inf, scores), axis=1)", "You return the scores"),
        (
            "import numpy as np\ndef answer(scores, seen, n):\n    scores[seen] = -np.inf\n"
            "    return np.argsort(-scores, axis=1)[:, :n]",
            "changes the array",
        ),
    ],
    "3.6": [
        (NDCG % ("2", "worth @ hit"), "That is the DCG"),
        (NDCG % ("2", "worth @ hit / worth.sum()"), "at each of its 5 places"),
        (NDCG % ("2", "worth @ hit / worth[: hit.sum()].sum()"), "the 2 items that were found"),
        ("answer = lambda top, relevant: len(set(top) & relevant) / len(relevant)", "That is the recall"),
        (NDCG % ("1.0", "worth @ hit / worth[:3].sum()"), "Places count from 1"),
    ],
}
