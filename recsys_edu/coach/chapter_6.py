"""Chapter 6, applications: what was chosen together, bins of time, contexts, masked attention, a re-ranked list."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, call, expect, expect_array


def _together(answer: object) -> None:
    R = np.array([[5.0, 1, 0, 0], [4, 3, 0, 2], [0, 2, 0, 0], [1, 5, 0, 0], [0, 0, 0, 3]])
    n = np.asarray(call(answer, R))
    expect(
        n.dtype != bool,
        "`R > 0` holds True and False, and their product is True or False again, no count. Make numbers of it first.",
    )
    expect(n.shape != (5, 5), "Yours compares users with users: (5, 5). Items are the columns of R.")
    n = expect_array(n, (4, 4), "A number for each pair of items is asked for: R is (5, 4), so (4, 4).")
    X = (R > 0).astype("float64")
    right = X.T @ X
    expect(
        not np.allclose(n - np.diag(np.diag(n)), R.T @ R - np.diag(np.diag(R.T @ R))),
        "You multiply stars. A user counts once, whatever the stars: first make a matrix of 0 and 1.",
    )
    expect(
        not np.allclose(n, right),
        "Your diagonal says how many chose an item. No item is its own neighbour: the diagonal must be 0.",
    )
    np.fill_diagonal(right, 0)
    expect(np.allclose(n, n.T), "Who chose i and j also chose j and i: your matrix is not symmetric.")
    expect(np.allclose(n, right), f"Items 0 and 1 were chosen together by 3 users; yours says {n[0, 1]:g}.")


def _bin(answer: object) -> None:
    t = np.array([100, 149, 150, 250, 299, 300, 20, 900])
    found = expect_array(call(answer, t, 100, 300, 4), (8,), "One bin for each time is asked for.")
    right = np.array([0, 0, 1, 3, 3, 3, 0, 3])
    alone = np.asarray(call(answer, t[3:4], 100, 300, 4), "float64").ravel()
    expect(
        len(alone) == 1 and np.allclose(alone, found[3]),
        "A time gets another bin when it stands alone: yours depends on the other times. Use `start` and `end`.",
    )
    expect(
        found[0] == 0,
        f"The time `start` itself falls into bin 0, and yours says {found[0]:g}. Count from `start`, and from bin 0.",
    )
    expect(found[5] != 4, "The time `end` falls into bin 4, and there are only 0 to 3. What shall happen to it?")
    expect(np.allclose(found, found.round()), "Bins are whole numbers: round down.")
    expect(not (found[6] < 0 or found[7] > 3), "A time before `start` or after `end` belongs to the nearest bin.")
    expect(found[1] == 0, "149 lies in the first quarter, 100 to 150. Round down, not to the nearest.")
    expect(np.array_equal(found, right), f"For {t.tolist()} the bins are {right.tolist()}, yours {found.tolist()}.")


def _pairs(answer: object) -> None:
    items = np.array([7, 3, 9, 4])
    pairs = _as_pairs(call(answer, items, 2))
    strange = sorted({i for pair in pairs for i in pair} - set(items.tolist()))
    expect(not strange, f"{strange[:1]} is no item of the list {items.tolist()}: pair the items, not their places.")
    expect(not any(i == j for i, j in pairs), "An item stands in its own context. Leave out the centre itself.")
    later = {(7, 3), (7, 9), (3, 9), (3, 4), (9, 4)}
    earlier = {(j, i) for i, j in later}
    expect(
        set(pairs) not in (later, earlier),
        "You look to one side only. The context of an item is what stands before it and what stands after it.",
    )
    expect(
        set(pairs) != {(7, 3), (3, 7), (3, 9), (9, 3), (9, 4), (4, 9)},
        "You pair direct neighbours only. With a window of 2 the next but one counts too.",
    )
    expect(
        (7, 4) not in pairs,
        "7 and 4 are three places apart, beyond the window of 2. (A negative place counts from the end of the list.)",
    )
    expect(len(pairs) == len(set(pairs)), "Some pairs come twice.")
    missing = sorted((later | earlier) - set(pairs))
    expect(not missing, f"Four items and a window of 2 make 10 pairs. Yours lacks {missing}.")
    expect(set(pairs) == later | earlier, f"Yours has pairs too many: {sorted(set(pairs) - later - earlier)}.")
    last = _as_pairs(call(answer, np.array([1, 2]), 5))
    expect(sorted(last) == [(1, 2), (2, 1)], "With two items and a window of 5 there are the pairs (1, 2) and (2, 1).")


def _as_pairs(found: object) -> list[tuple[int, int]]:
    try:
        array = np.array(list(found), "int64")
    except (TypeError, ValueError):
        array = np.empty(0)
    expect(
        array.ndim == 2 and array.shape[1] == 2, "A list of pairs (centre, context) is asked for, two items in each."
    )
    return [tuple(pair) for pair in array.tolist()]


def _attend(answer: object) -> None:
    q = np.array([[1.0, 0], [0, 1], [2, 2], [100, 100]])  # the last row is what the index -1 picks
    history, a = np.array([[0, 1, 2], [2, 0, -1], [1, -1, -1]]), np.array([[0.5, 2, 1], [1, 3, 4], [2, 5, 6.0]])
    v = expect_array(call(answer, a, history, q), (3, 2), "A vector for each row is asked for: (batch, d).")
    mask = (history >= 0)[..., None]
    right = (a[..., None] * q[history] * mask).sum(axis=1)
    expect(
        not np.allclose(v, (a[..., None] * q[history]).sum(axis=1)),
        "A place without an item has the index −1, and `q[-1]` is the last item: it got into your sum. Mask it.",
    )
    expect(
        not np.allclose(v, (a[..., None] * q[np.maximum(history, 0)]).sum(axis=1)),
        "Your empty places became item 0, which nobody chose there. Multiply what is padding by 0.",
    )
    expect(
        not np.allclose(v, (q[history] * mask).sum(axis=1) / mask.sum(axis=1)),
        "That is the mean of the history. Where are the weights a?",
    )
    expect(
        not np.allclose(v, right / np.maximum((a * mask[..., 0]).sum(axis=1, keepdims=True), 1e-9)),
        "You divide by the sum of the weights. In the formula of the task v is the sum itself.",
    )
    expect(
        not any(np.allclose(v, right / number) for number in (3, mask.sum(axis=1))),
        "You divide by the number of items, as the formula of 6.5 does. In that of the task v is the sum itself.",
    )
    expect(
        not np.allclose(v, (a[..., None] * q[history] * (history > 0)[..., None]).sum(axis=1)),
        "You left out item 0. It is an item like the others: only −1 is padding.",
    )
    expect(np.allclose(v, right), "Row 0 must be 0.5 · (1, 0) + 2 · (0, 1) + 1 · (2, 2) = (2.5, 4).")


def _rerank(answer: object) -> None:
    candidates = np.array([[30, 10, 20, 40], [7, 5, 6, 8]])
    z = np.array([[0.1, 0.9, 0.5, -1.0], [3.0, 1.0, 2.0, 9.0]])
    found = expect_array(call(answer, candidates, z), (2, 4), "The same candidates in another order are asked for.")
    places = np.argsort(-z, axis=1)
    expect(
        not np.array_equal(found, places),
        "You return places (0 to 3). Which items stand at these places? `np.take_along_axis` looks them up.",
    )
    expect(
        not np.array_equal(found, np.take_along_axis(candidates, np.argsort(z, axis=1), axis=1)),
        "The worst comes first. `np.argsort` sorts from small to large.",
    )
    expect(
        all(set(a) == set(b) for a, b in zip(found, candidates, strict=True)),
        "A row has items that were not its candidates: each user's list must be sorted by itself (axis=1).",
    )
    expect(
        not np.array_equal(found, np.sort(candidates, axis=1)[:, ::-1]),
        "You sort the numbers of the items. What orders them is z.",
    )
    expect(
        not np.array_equal(found, candidates[:, places[0]]),
        "Every user gets the order of the first user's z. Sort each row by its own.",
    )
    right = np.take_along_axis(candidates, places, axis=1)
    off = int((found != right).any(axis=1).argmax())
    expect(
        np.array_equal(found, right),
        f"The list of user {off} must be {right[off].tolist()}, yours is {found[off].astype(int).tolist()}.",
    )


EXERCISES = [
    Exercise(
        "6.1",
        "Write together(R): R (U, I) holds stars, 0 for none. How many users chose both i and j? (I, I), diagonal 0.",
        _together,
        (
            "Stars do not matter here, only who chose what.",
            "With X of 0 and 1, the product of column i and column j counts the users who have a 1 in both.",
            "`X = (R > 0) * 1.0`, then `X.T @ X`; `np.fill_diagonal` empties the diagonal.",
        ),
        "import numpy as np\n\n\ndef answer(R):\n    X = (R > 0) * 1.0\n    n = X.T @ X\n"
        "    np.fill_diagonal(n, 0)\n    return n",
        "One matrix product, and it never visits more than the pairs that somebody chose, if X is sparse.",
    ),
    Exercise(
        "6.2",
        "Write bin_of(t, start, end, bins): of `bins` equal stretches of [start, end], the one (0, 1, …) of each t.",
        _bin,
        (
            "Which share of the way from start to end has passed at time t?",
            "Multiply this share by the number of bins and round down. At `end` the share is 1: what comes out?",
            "`np.clip(np.floor((t - start) / (end - start) * bins), 0, bins - 1)`",
        ),
        "import numpy as np\n\n\ndef answer(t, start, end, bins):\n"
        "    return np.clip(np.floor((t - start) / (end - start) * bins), 0, bins - 1)",
        "A prediction for next month uses the last bin that was learnt.",
    ),
    Exercise(
        "6.3",
        "Write pairs(items, window): all (centre, context), the context at most `window` places before or after.",
        _pairs,
        (
            "Take each item in turn as the centre, and look around.",
            "For the centre at place a, the places b from a − window to a + window count, inside the list, but not a.",
            "`[(items[a], items[b]) for a in range(n) for b in range(n) if 0 < abs(a - b) <= window]`",
        ),
        "def answer(items, window):\n    n = len(items)\n"
        "    return [(items[a], items[b]) for a in range(n) for b in range(n) if 0 < abs(a - b) <= window]",
        "From here on item2vec knows nothing of users: a bag of pairs is all it sees.",
    ),
    Exercise(
        "6.4",
        "Write attend(a, history, q): v = Σ_l a_l q of history[l], (batch, d). a, history (batch, L); −1 is no item.",
        _attend,
        (
            "What does NumPy give for `q[-1]`?",
            "Look up `q[history]`, (batch, L, d), then make the rows of the empty places 0.",
            "`(a[..., None] * q[history] * (history >= 0)[..., None])`, summed over the axis of L.",
        ),
        "def answer(a, history, q):\n    known = (history >= 0)[..., None]\n"
        "    return (a[..., None] * q[history] * known).sum(axis=1)",
        "A mask that is forgotten raises no error. It only makes everybody a little fond of the last item.",
    ),
    Exercise(
        "6.5",
        "Write rerank(candidates, z): both (users, n). Each user's candidates, the highest z first.",
        _rerank,
        (
            "You need the order of z in each row, and then the items in this order.",
            "`np.argsort(-z, axis=1)` gives places, best first.",
            "`np.take_along_axis(candidates, places, axis=1)` gives what stands at them.",
        ),
        "import numpy as np\n\n\ndef answer(candidates, z):\n"
        "    return np.take_along_axis(candidates, np.argsort(-z, axis=1), axis=1)",
        "The set of each list stays: a second stage can only order what the first one found.",
    ),
]

QUESTIONS = [
    Question(
        "6.q1",
        "A ranker reads one feature, the score of the first stage. What can it gain?",
        (
            Choice(
                "A better order, it is a neural network", "Of a single number it can make another, not more knowledge."
            ),
            Choice(
                "Nothing",
                "The order is in that number already. Give it something that the first stage did not see.",
                right=True,
            ),
            Choice("More recall among the 100", "The 100 are chosen before it starts. It moves them, and adds none."),
        ),
    ),
    Question(
        "6.q2",
        "Drift helps on a random split and harms on a split by time. Why?",
        (
            Choice("The drift is a bug", "The same numbers are learnt in both. The question that is asked differs."),
            Choice(
                "Between known days a slope fills gaps, beyond the last one it runs on",
                "Inside the data it is an average of neighbours. Outside it is a bet that the trend goes on.",
                right=True,
            ),
            Choice(
                "There is less data by time",
                "Both keep a fifth aside. What differs is on which side of the test it lies.",
            ),
        ),
    ),
    Question(
        "6.q3",
        "Why does Amazon compare items ahead of time, and not users when they arrive?",
        (
            Choice("Items are always fewer than users", "Often, not always. What matters is when the work is done."),
            Choice(
                "A table of items stays good for a while, and looking things up in it is quick",
                "What a customer does now only chooses which rows of the table are added.",
                right=True,
            ),
            Choice("Similar users do not exist", "They do, and user-kNN works. But each click changes who they are."),
        ),
    ),
    Question(
        "6.q4",
        "Attention and a plain mean of the history end with nearly the same NDCG@10. What do you report?",
        (
            Choice("The better one", "A difference within its own interval may turn around with the next seed."),
            Choice(
                "Both, with the interval of the difference, and what each costs", "Then others can decide.", right=True
            ),
            Choice("That attention is useless", "It was not shown to help here, with these data. That is all."),
        ),
    ),
]
