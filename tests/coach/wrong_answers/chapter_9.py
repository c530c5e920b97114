"""What learners typically answer in chapter 9, and a part of what they should be told."""

WRONG = {
    "9.1": [
        (
            "answer = lambda s, e: ~((s[:, None] <= s) & (e[:, None] <= e)).any(axis=0)",
            "dominate itself",
        ),
        ("answer = lambda s, e: (s == s.min()) | (e == e.min())", "Only the fastest and the best"),
        ("answer = lambda s, e: ~((s[:, None] < s) & (e[:, None] < e)).any(axis=0)", "equal seconds"),
        (
            "import numpy as np\ndef answer(s, e):\n    best, keep = np.inf, np.zeros(len(s), bool)\n"
            "    for k in np.argsort(s, kind='stable'):\n        keep[k], best = e[k] < best, min(e[k], best)\n"
            "    return keep",
            "both stay",
        ),
        ("answer = lambda s, e: [0, 1, 3, 4, 5]", "One True or False for each model"),
    ],
    "9.2": [
        ("answer = lambda n, a, b: n[(b < a).argmax()]", "at 20 it is worse again"),
        (
            "def answer(n, a, b):\n    k = len(n)\n    while k and b[k - 1] < a[k - 1]:\n        k -= 1\n    return k",
            "a place in the array",
        ),
        (
            "def answer(n, a, b):\n    k = len(n) - 1\n    while k and b[k] < a[k]:\n        k -= 1\n    return n[k]",
            "still worse",
        ),
        (
            "def answer(n, a, b):\n    f = -1\n    for k in reversed(range(len(n))):\n        if b[k] > a[k]:\n"
            "            break\n        f = n[k]\n    return f",
            "the two are equal",
        ),
    ],
    "9.3": [
        (
            "import numpy as np\ndef answer(a, b):\n    s = [1.96 * x.std() / np.sqrt(len(x)) for x in (a, b)]\n"
            "    return abs(a.mean() - b.mean()) > sum(s)",
            "user by user, first",
        ),
        ("answer = lambda a, b: a.mean() != b.mean()", "the interval holds 0"),
        ("answer = lambda a, b: ((a - b).mean() - 0.1, (a - b).mean() + 0.1)", "One True or False is asked for"),
        (
            "def answer(a, b):\n    d = a - b\n    return abs(d.mean()) > 0.2 * d.std()",
            "divided by √n",
        ),
        (
            "import numpy as np\ndef answer(a, b):\n    d = b - a\n"
            "    return d.mean() - 1.96 * d.std() / np.sqrt(len(d)) > 0",
            "a and b exchanged",
        ),
    ],
    "9.4": [
        (
            "import numpy as np\nanswer = lambda p, s: 1 + int((np.cumsum(abs(p)) < s * abs(p).sum()).sum())",
            "in which they stand",
        ),
        (
            "import numpy as np\nanswer = lambda p, s: 1 + int((np.cumsum(np.sort(abs(p))) < s * abs(p).sum()).sum())",
            "smallest parts first",
        ),
        (
            "import numpy as np\nanswer = lambda p, s: 1 + int((np.cumsum(np.sort(p)[::-1]) < s * p.sum()).sum())",
            "Parts may be negative",
        ),
        (
            "import numpy as np\ndef answer(p, s):\n    c = np.sort(abs(p))[::-1]\n"
            "    return 2 + int((np.cumsum(c) < s * c.sum()).sum())",
            "counts one too many",
        ),
        (
            "import numpy as np\ndef answer(p, s):\n    c = np.sort(abs(p))[::-1]\n"
            "    return 1 + int((np.cumsum(c) <= s * c.sum()).sum())",
            "exactly a half",
        ),
    ],
    "9.5": [
        ("answer = lambda e, low, high, s, limit: int(e.argmin())", "took 90 s"),
        (
            "import numpy as np\nanswer = lambda e, low, high, s, limit: int(np.where(s <= limit, e, np.inf).argmin())",
            "is faster",
        ),
        ("answer = lambda e, low, high, s, limit: int(s.argmin())", "worse than the best for certain"),
        (
            "import numpy as np\ndef answer(e, low, high, s, limit):\n    b = e.argmin()\n"
            "    like = [k for k in range(len(e)) if low[k, b] <= 0 <= high[k, b] and s[k] <= limit]\n"
            "    return min(like, key=lambda k: s[k]) if like else -1",
            "the best within the limit alone",
        ),
    ],
}
