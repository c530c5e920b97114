"""Chapter 3, the five steps: records cleaned, the last one left out, pasts, a convolution, a masked list, its NDCG."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, Wrong, call, expect, expect_array


def _same(a: object, b: object) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


def _latest(answer: object) -> None:
    user = np.array([0, 1, 0, 0, 2, 1, 2])
    item = np.array([5, 5, 5, 7, 5, 5, 7])
    time = np.array([30, 10, 20, 40, 50, 60, 5])
    rows = np.asarray(call(answer, user, item, time))
    asked = "Row numbers are asked for: a flat array of whole numbers, ascending."
    if rows.dtype == bool and rows.shape == user.shape:
        raise Wrong(f"{asked} Yours is a mask of True and False: np.flatnonzero makes rows of it.")
    expect(rows.ndim == 1 and bool(np.isin(rows, np.arange(7)).all()), asked)
    right = [0, 3, 4, 5, 6]
    expect(not _same(rows, [1, 2, 3, 4, 6]), "You keep the first rating of each pair by time. What holds now is later.")
    expect(
        not _same(rows, [2, 3, 4, 5, 6]),
        "You keep the record that is last in the file. A log need not be in the order of time: look at `time`.",
    )
    expect(
        not _same(rows, [3, 4, 5]),
        "You keep one record for each user. A user may rate many films: what may not occur twice is the pair.",
    )
    expect(not _same(rows, [3, 5]), "You keep one record for each item. What may not occur twice is the pair.")
    expect(not _same(np.sort(rows), right) or _same(rows, right), "The right rows, but not ascending: sort them.")
    expect(_same(rows, right), "Group the records by user and item together, and keep the largest time of each group.")


def _last_out(answer: object) -> None:
    user, time = np.array([2, 0, 2, 1, 0, 2, 0]), np.array([50, 20, 10, 30, 40, 60, 35])
    mask = np.asarray(call(answer, user, time))
    expect(
        mask.shape == (7,) and mask.dtype == bool,
        f"One True or False for each of the 7 records is asked for. Yours: shape {mask.shape}, {mask.dtype}.",
    )
    right = np.isin(np.arange(7), [4, 5])
    expect(
        not mask[3],
        "User 1 has one record only, and you put it into the test. Then nothing is left to know this user by.",
    )
    expect(
        not _same(mask, time == 60),
        "You hide the latest record of all. Each user has a latest one of their own.",
    )
    expect(not mask[6], "For user 0 you hide the record that stands last in the file. Its time is 35, another's is 40.")
    expect(not mask[1] and not mask[2], "You hide the first record of a user, with the smallest time.")
    expect(
        _same(mask, right), "For each user: exactly one True, at the largest time, if there are two records or more."
    )


def _pasts(answer: object) -> None:
    items, L = np.array([4, 9, 6, 2]), 2
    rows = expect_array(
        call(answer, items, L), (4, 2), "For 4 items and L = 2 the pasts are one row for each item, L places in each."
    )
    right = np.array([[-1, -1], [4, -1], [4, 9], [9, 6]])
    expect(
        not any(item in row for item, row in zip(items, rows, strict=True)),
        "An item stands in its own past: the model would only have to copy the answer.",
    )
    expect(
        not _same(rows, [[-1, -1], [-1, 4], [4, 9], [9, 6]]),
        "Your −1 stand at the left. Here the oldest item is in column 0, and what is left over is at the right.",
    )
    expect(not _same(rows[3], [6, 9]), "Your pasts have the newest item first. Oldest first is asked for.")
    expect(not _same(rows[3], [4, 9]), "Item 3 follows on 9 and 6, the LAST two before it. You keep the first two.")
    expect(not _same(rows[3], [-1, -1]), "The past of the last item is empty. Which items came before it?")
    expect(
        _same(rows[0], [-1, -1]), "Nothing comes before the first item: its past is −1 alone. (0 would be a real item.)"
    )
    expect(_same(rows, right), "Row k holds items[max(0, k − L) : k], then −1.")
    longer = expect_array(call(answer, items, 6), (4, 6), "L may be longer than the history: still L places in a row.")
    expect(_same(longer[3], [4, 9, 6, -1, -1, -1]), "With L = 6 the last past is 4, 9, 6 and three times −1.")


def _convolve(answer: object) -> None:
    rng = np.random.default_rng(3)
    E, F = rng.normal(size=(5, 3)), rng.normal(size=(2, 3))
    E[3:] = 2 * F  # the pattern stands at the last place
    asked = "A number is asked for: the maximum over all places."
    o = np.asarray(call(answer, E, F, 0.5))
    fits = np.array([np.sum(F * E[t : t + 2]) for t in range(4)]) + 0.5
    expect(
        o.size != 4, "You return the value of each place. The maximum over them is missing: the filter asks WHETHER."
    )
    o = float(expect_array(o, (), asked))
    expect(not np.isclose(o, np.maximum(fits, 0).mean()), "That is the mean over the places. The maximum is asked for.")
    expect(
        not np.isclose(o, max(fits[:3].max(), 0)),
        "You leave out the last place. With L rows, a filter of h rows fits at L − h + 1 places.",
    )
    expect(not np.isclose(o, fits.max() - 0.5), "The bias b is missing.")
    backward = max(np.sum(F[::-1] * E[t : t + 2]) for t in range(4)) + 0.5
    expect(not np.isclose(o, backward), "You turn the filter round. In these networks it is laid on as it is.")
    expect(not np.isclose(o, np.maximum(fits, 0).sum()), "That is the sum over the places. The maximum is asked for.")
    expect(np.isclose(o, fits.max()), "At each place: multiply F with the h rows below it, add all up, add b.")
    low = float(expect_array(call(answer, E, F, -1e3), (), asked))
    expect(
        low == 0,
        f"With b = −1000 no place fits, and yours gives {low:.4g}. ReLU is missing: max(0, ·), after b was added.",
    )
    end = float(expect_array(call(answer, np.array([[0.0], [0.0], [1.0]]), np.ones((2, 1)), 0.0), (), asked))
    expect(np.isclose(end, 1), "Your filter hangs over the end of the picture. It fits at L − h + 1 places.")


def _top_list(answer: object) -> None:
    scores = np.array([[-1.0, -5.0, -2.0, -4.0, -3.0], [1.0, 5.0, 2.0, 4.0, 3.0]])
    seen = np.array([[True, False, False, False, True], [False, True, False, False, False]])
    top = expect_array(call(answer, scores, seen, 2), (2, 2), "A row for each user, with n item numbers in it.")
    right = np.array([[2, 3], [3, 4]])
    expect(
        not np.isin(top, scores[0]).all(axis=1)[0],
        "You return the scores. The numbers of the items are asked for: argsort, not sort.",
    )
    expect(
        not _same(top, [[0, 2], [1, 3]]),
        "You offer what the user has seen already. A model likes what it knows you like: mask it before sorting.",
    )
    expect(
        top[1, 0] != 1 or top[0, 0] != 0, "You offer what was seen, and mask the rest: the mask is the wrong way round."
    )
    expect(
        not _same(top[0], [0, 4]),
        "All scores of user 0 are below 0, and seen items, at 0, come out best. Mask with −∞.",
    )
    expect(not _same(top[:, 0], [1, 0]), "You begin with the worst. argsort is ascending: sort the negative scores.")
    expect(not _same(top, right[:, ::-1]), "The right items in the wrong order: best first.")
    expect(_same(top, right), f"For user 0 the unseen items by score are 2, 3, 1; yours gives {top[0].astype(int)}.")


def _ndcg(answer: object) -> None:
    def of(top: list[int], relevant: set[int]) -> float:
        with np.errstate(all="ignore"):
            value = call(answer, list(top), set(relevant))
        if isinstance(value, float) and not np.isfinite(value):
            raise Wrong(
                "Yours is not finite. Places count from 1: 1 / log2(1 + 1) is the first worth, not 1 / log2(1)."
            )
        return float(expect_array(value, (), "A number is asked for."))

    worth = 1 / np.log2(np.arange(2, 7))  # places 1 to 5
    got, best = of([7, 1, 2, 8, 3], {7, 8, 9}), worth[:3].sum()
    dcg = worth[0] + worth[3]
    expect(not np.isclose(got, dcg), "That is the DCG. Divide by the DCG of the best possible list.")
    expect(
        not np.isclose(got, dcg / worth.sum()),
        "Your best possible list has a hit at each of its 5 places, but only 3 items are relevant.",
    )
    expect(
        not np.isclose(got, dcg / worth[:2].sum()),
        "Your best possible list holds the 2 items that were found. All 3 relevant ones could have been.",
    )
    expect(not np.isclose(got, 2 / 3), "That is the recall: it does not matter there WHERE a hit stands.")
    expect(
        np.isclose(got, dcg / best), f"Hits at places 1 and 4 of 5, three relevant: {dcg / best:.3f}. Yours: {got:.3f}."
    )
    expect(np.isclose(of([1, 2], {5}), 0), "A list without a hit has NDCG 0.")
    expect(
        np.isclose(of([4, 5], {4, 5, 6}), 1),
        "Two places, both hits, and three relevant items: no list of 2 can be better, so NDCG is 1.",
    )


EXERCISES = [
    Exercise(
        "3.1",
        "Write latest(user, item, time): the rows that stay, ascending: of each user and item the latest one.",
        _latest,
        (
            "What may occur only once: a user, an item, or something of both?",
            "Bring the records into the order of time. Then the one to keep is the last of its pair.",
            "A dict {(user, item): row}, filled in the order np.argsort(time), holds the latest row of each pair.",
        ),
        "import numpy as np\n\n\ndef answer(user, item, time):\n"
        "    kept = {(user[k], item[k]): k for k in np.argsort(time)}  # a later one overwrites\n"
        "    return np.sort(list(kept.values()))",
        "One opinion for each pair, the one that holds now.",
    ),
    Exercise(
        "3.2",
        "Write is_test(user, time): True at the latest record of each user who has two or more, else False.",
        _last_out,
        (
            "Each user has a timeline of their own.",
            "Look at one user at a time: the rows where `user == u`, and the one of them with the largest time.",
            "rows = np.flatnonzero(user == u); if there are at least two, mask[rows[np.argmax(time[rows])]] = True.",
        ),
        "import numpy as np\n\n\ndef answer(user, time):\n    mask = np.zeros(len(user), bool)\n"
        "    for u in np.unique(user):\n        rows = np.flatnonzero(user == u)\n        if len(rows) >= 2:\n"
        "            mask[rows[np.argmax(time[rows])]] = True\n    return mask",
        "That is `data.leave_last_out`, but for records of the same second, among which a seed decides.",
    ),
    Exercise(
        "3.3",
        "Write pasts(items, L): row k holds the at most L items before items[k], oldest first, then −1: (n, L).",
        _pasts,
        (
            "What does the model know at the moment when item k is chosen?",
            "`items[:k]` is all that came before item k. Which part of it is kept?",
            "Start with np.full((n, L), -1); before = items[max(0, k - L) : k] goes into the first places of row k.",
        ),
        "import numpy as np\n\n\ndef answer(items, L):\n    rows = np.full((len(items), L), -1)\n"
        "    for k in range(len(items)):\n        before = items[max(0, k - L) : k]\n"
        "        rows[k, : len(before)] = before\n    return rows",
        "What `sequences.pasts` gives, for all users at once.",
    ),
    Exercise(
        "3.4",
        "Write convolve(E, F, b): the maximum over t of ReLU(sum(F ⊙ E[t : t + h]) + b), a number.",
        _convolve,
        (
            "At how many places does a filter of h rows fit into a picture of L rows?",
            "For each t in range(L - h + 1), lay F on E[t : t + h], multiply number by number, and add all up.",
            "Collect np.sum(F * E[t : t + len(F)]) + b for all places; then the maximum, and not below 0.",
        ),
        "import numpy as np\n\n\ndef answer(E, F, b):\n    h = len(F)\n"
        "    fits = [np.sum(F * E[t : t + h]) + b for t in range(len(E) - h + 1)]\n    return max(0.0, max(fits))",
        "Caser has dozens of these, of all heights from 1 to L.",
    ),
    Exercise(
        "3.5",
        "Write top_list(scores, seen, n): the n best unseen items of each user, best first, (users, n).",
        _top_list,
        (
            "Which items may never be in the list, however high they score?",
            "`np.where(seen, x, scores)` puts x in the place of each seen score. Which x can never win?",
            "Sort the negative scores: np.argsort(-masked, axis=1), and take the first n columns.",
        ),
        "import numpy as np\n\n\ndef answer(scores, seen, n):\n    masked = np.where(seen, -np.inf, scores)\n"
        "    return np.argsort(-masked, axis=1)[:, :n]",
        "The mask comes before the sort, and it is −∞.",
    ),
    Exercise(
        "3.6",
        "Write ndcg(top, relevant) of one user's list, best first, and a set of relevant items.",
        _ndcg,
        (
            "What is a hit worth at the first place, and what at the fifth? What would the best list get?",
            "A hit at place p (from 1) is worth 1 / log2(p + 1). The best list has all its hits first.",
            "The best list has min(len(top), len(relevant)) hits: add up 1 / log2(p + 1) for p from 1 to that number.",
        ),
        "import numpy as np\n\n\ndef answer(top, relevant):\n    worth = 1 / np.log2(np.arange(len(top)) + 2)\n"
        "    hit = np.array([item in relevant for item in top])\n"
        "    return worth @ hit / worth[: min(len(top), len(relevant))].sum()",
        "1 for the best possible list, 0 without a hit.",
    ),
]

QUESTIONS = [
    Question(
        "3.q1",
        "A paper reports HR@10 = 0.9 on a random split of all ratings. What do you ask first?",
        (
            Choice("How many epochs?", "That changes the model a little. The test decides what the figure means."),
            Choice(
                "What it is with each user's last rating, or by time, and for popularity",
                "A random split shows the model what came after, and many hidden ratings a user make a hit easy.",
                right=True,
            ),
            Choice("Whether the ratings were scaled", "A list depends on the order of the scores, not on their scale."),
        ),
    ),
    Question(
        "3.q2",
        "Leave-last-out hides each user's last rating. What does it still let the model see?",
        (
            Choice(
                "Other users' later ratings",
                "So a list for a day in November can offer a film of December. Only a split by time hides that.",
                right=True,
            ),
            Choice("The user's own later ratings", "There are none: the hidden one is the latest."),
            Choice(
                "Nothing that it should not",
                "Think of *Titanic*: how did it come into lists that were made for a day before it?",
            ),
        ),
    ),
    Question(
        "3.q3",
        "Where the MLP says 4 stars, about 4 are given. Its top-10 lists are worse than popularity. How can both be?",
        (
            Choice("There is a mistake in the code", "Both were measured, and they are answers to two questions."),
            Choice(
                "Stars of what was rated, and what is chosen next, are two questions",
                "It learned only from films that people chose to rate. Whether they choose one, nobody asked it.",
                right=True,
            ),
            Choice(
                "Calibration is a weaker kind of NDCG", "Calibration compares means of stars; NDCG looks at places."
            ),
        ),
    ),
    Question(
        "3.q4",
        "Ranked against 100 films drawn by chance, popularity has HR@10 = 0.40; against all, 0.08. Which is right?",
        (
            Choice("0.40: a mean over many draws is unbiased", "It is an unbiased answer to an easier question."),
            Choice(
                "0.08: in use, the film competes with all others",
                "And the easier question shrinks differences, and can even exchange places.",
                right=True,
            ),
            Choice("The mean of both", "They do not measure the same thing, so their mean measures nothing."),
        ),
    ),
]
