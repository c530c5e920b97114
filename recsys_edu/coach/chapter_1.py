"""Chapter 1, background: how full, what is popular, how alike, how far to believe it, how much is ever shown."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, call, expect, expect_array


def _density(answer: object) -> None:
    ask = "One number is asked for: a share between 0 and 1."
    u, i = np.array([0, 0, 1, 3, 3]), np.array([2, 4, 2, 0, 1])  # 5 of 4 × 5 cells
    share = float(expect_array(call(answer, u, i, 4, 5), (), ask))
    expect(not np.isclose(share, 25), "25 is in percent. The density is a share, between 0 and 1: here 0.25.")
    expect(not np.isclose(share, 0.75), "That is the share of the empty cells. The density is that of the filled ones.")
    expect(not np.isclose(share, 5 / 9), "You divide by |U| + |I|. A matrix has |U| · |I| cells: a row times a column.")
    expect(
        not np.isclose(share, 5 / 12), "You count only users and items that have a rating. Empty rows have cells too."
    )
    expect(
        np.isclose(share, 0.25), f"With 5 ratings in 4 × 5 cells yours gives {share:.3g}. Filled cells by all cells."
    )
    twice = float(expect_array(call(answer, np.append(u, 3), np.append(i, 1), 4, 5), (), ask))
    expect(np.isclose(twice, 0.25), "A pair that stands in the log twice fills one cell, and you count it twice.")


def _popular(answer: object) -> None:
    rng = np.random.default_rng(3)
    count = rng.permutation(40).astype("float64")  # no two alike
    seen = rng.random(40) < 0.4
    ask = "The n item_index are asked for, an array of n numbers."
    best = expect_array(call(answer, count, seen, 6), (6,), ask)
    order = np.argsort(-count)
    right = order[~seen[order]][:6]
    unseen = np.flatnonzero(~seen)
    inside = np.argsort(-count[unseen])[:6]
    expect(not np.array_equal(best, count[right]), "These are the counts. Their places in `count` are asked for.")
    expect(
        not np.array_equal(best, order[:6]), "Your list holds films that the user has rated: leave out what is `seen`."
    )
    expect(
        not np.array_equal(best, unseen[np.argsort(count[unseen])][:6]),
        "Yours are the least rated ones: `np.argsort` goes from small to large.",
    )
    expect(
        not np.array_equal(best, inside),
        "These are places among the unseen films only. Take them back to rows of the whole catalogue.",
    )
    expect(set(best) == set(right), "These are not the most rated films among those that the user has not rated.")
    expect(np.array_equal(best, right), "The right films, but not with the most rated one first.")
    two = expect_array(call(answer, np.array([9.0, 0.0, 4.0]), np.array([True, False, False]), 2), (2,), ask)
    expect(
        np.array_equal(two, [2, 1]),
        "A film without any rating loses to one that the user has rated: 0 does not mask. Mask with −∞.",
    )


def _common(answer: object) -> None:
    a = np.array([1.0, -1.0, 0.5, np.nan, 2.0, np.nan])
    b = np.array([0.5, 1.0, np.nan, 3.0, 1.5, np.nan])
    rho = float(expect_array(call(answer, a, b), (), "One number is asked for; NaN must not spread into it."))
    dot, x, y = 2.5, a[[0, 1, 4]], b[[0, 1, 4]]  # what both have: 0.5 − 1 + 3
    lengths = np.sqrt(np.nansum(a**2) * np.nansum(b**2))
    expect(not np.isclose(rho, dot), "That is the sum of the products. Divide by the root of the two sums of squares.")
    expect(
        not np.isclose(rho, dot / lengths),
        "Your sums of squares run over all films of each user. In 1.6 they run over the films that both have rated.",
    )
    expect(
        not np.isclose(rho, np.corrcoef(x, y)[0, 1]),
        "You take the mean away once more. z is already what the biases leave; the formula of 1.6 has no mean in it.",
    )
    expect(
        np.isclose(rho, dot / np.sqrt((x @ x) * (y @ y))),
        f"For three common films yours gives {rho:.3g}. The sum of the products is divided by the root of a product.",
    )
    none = call(answer, np.array([1.0, np.nan]), np.array([np.nan, 1.0]))
    expect(not np.isnan(np.asarray(none, "float64")), "Without a common film yours is 0 / 0, NaN. It must be 0.")
    expect(np.asarray(none) == 0, "Two users without a common film must get 0: nothing is known.")


def _shrink(answer: object) -> None:
    rho, n, lam = np.array([1.0, 0.5, -0.5, 0.8]), np.array([2.0, 11.0, 101.0, 301.0]), 100.0
    ask = "An array of the shape of rho is asked for, without NaN (0 where n is 0 or 1)."
    s = expect_array(call(answer, rho, n, lam), (4,), ask)
    expect(not np.allclose(s, rho * n / (n + lam)), "n counts one too many: one common rater says nothing, so n − 1.")
    expect(
        not np.allclose(s, rho * lam / (n - 1 + lam)),
        "Yours shrinks most where there are many common raters. It must be the other way round.",
    )
    expect(not np.allclose(s, (n - 1) / (n - 1 + lam)), "That is the factor alone. Multiply it with rho.")
    expect(np.allclose(s, rho * (n - 1) / (n - 1 + lam)), "Check the formula: ρ · (n − 1) / (n − 1 + λ).")
    few = expect_array(call(answer, np.ones(3), np.array([0.0, 1.0, 2.0]), 0.0), (3,), ask)
    expect(not few[:2].any(), "With n = 0 or 1 the result must be 0: such a pair has nothing behind it.")
    expect(np.isclose(few[2], 1), "With λ = 0 and n = 2 nothing is shrunk: ρ stays as it is.")


def _coverage(answer: object) -> None:
    lists = np.array([[4, 2, 7], [2, 4, 9], [4, -1, -1]])  # 4 of 10 films
    share = float(expect_array(call(answer, lists, 10), (), "One number is asked for: a share of the catalogue."))
    expect(not np.isclose(share, 0.5), "−1 is an empty place, and you count it as a film.")
    expect(share <= 0.6, "A film that stands in many lists counts once. You count places.")
    expect(not np.isclose(share, 4 / 9), "You divide by the number of places. The whole catalogue has num_items films.")
    expect(
        not np.isclose(share, 4 / 7), "You divide by the films that are in a list, or counted places. See num_items."
    )
    full = float(expect_array(call(answer, np.array([[1, 2], [2, 3]]), 4), (), "One number is asked for."))
    expect(np.isclose(full, 0.75), "Where no place is empty, yours takes off a film all the same.")
    first = float(expect_array(call(answer, np.array([[0, 3, -1]]), 4), (), "One number is asked for."))
    expect(
        not np.isclose(first, 0.25), "0 is the first film of the catalogue, and you leave it out. Only −1 is no film."
    )
    expect(np.isclose(share, 0.4), f"In the example 4 different films of 10 are shown, and yours gives {share:.3g}.")


EXERCISES = [
    Exercise(
        "1.1",
        "Write density_of(user_index, item_index, num_users, num_items): the share of the U × I cells with a rating.",
        _density,
        (
            "Think of the matrix as a sheet of squared paper: how many squares are there, how many are not empty?",
            "A mask of shape (num_users, num_items), False everywhere, forgets by itself that a pair came twice.",
            "Set `mask[user_index, item_index] = True`; the mean of a mask is the share of True.",
        ),
        "import numpy as np\n\n\ndef answer(user_index, item_index, num_users, num_items):\n"
        "    mask = np.zeros((num_users, num_items), dtype=bool)\n    mask[user_index, item_index] = True\n"
        "    return mask.mean()",
        "In MovieLens-100K it is 0.063, and that is a dense one.",
    ),
    Exercise(
        "1.2",
        "Write popular(count, seen, n): item_index of the n most rated films that are not seen, best first.",
        _popular,
        (
            "Two steps: make sure that a seen film cannot win, then sort.",
            "A score of −∞ never wins: `np.where(seen, -np.inf, count)`.",
            "`np.argsort(-scores)[:n]` gives the rows of the n largest scores, the largest first.",
        ),
        "import numpy as np\n\n\ndef answer(count, seen, n):\n    scores = np.where(seen, -np.inf, count)\n"
        "    return np.argsort(-scores)[:n]",
        "Every model of the course ends with these two lines; only the scores change.",
    ),
    Exercise(
        "1.3",
        "Write similarity(z_u, z_v): ρ over the films that both have rated (NaN: no rating); 0 if there is none.",
        _common,
        (
            "Which films may speak? Those where neither of the two is NaN.",
            "`both = ~np.isnan(z_u) & ~np.isnan(z_v)`, then go on with z_u[both] and z_v[both] alone.",
            "a @ b / √((a @ a) (b @ b)); and return 0 first, if that root is 0.",
        ),
        "import numpy as np\n\n\ndef answer(z_u, z_v):\n    both = ~np.isnan(z_u) & ~np.isnan(z_v)\n"
        "    a, b = z_u[both], z_v[both]\n    length = np.sqrt((a @ a) * (b @ b))\n"
        "    return a @ b / length if length > 0 else 0.0",
        "Now try it with one common film: always 1 or −1.",
    ),
    Exercise(
        "1.4",
        "Write shrink(rho, n, lam): ρ (n − 1) / (n − 1 + λ) for arrays, 0 where n is 0 or 1, also for λ = 0.",
        _shrink,
        (
            "How much does one single common rater prove?",
            "`np.maximum(n - 1, 0)` makes 0 of both n = 0 and n = 1. What is then left to care for is 0 / 0.",
            "Divide only where it is possible: `np.divide(a, b, out=np.zeros_like(a), where=b > 0)`.",
        ),
        "import numpy as np\n\n\ndef answer(rho, n, lam):\n    support = np.maximum(n - 1.0, 0)\n"
        "    factor = np.divide(support, support + lam, out=np.zeros_like(support), where=support > 0)\n"
        "    return rho * factor",
        "The more people stand behind a correlation, the more of it is left.",
    ),
    Exercise(
        "1.5",
        "Write coverage_of(lists, num_items): the share of the catalogue in at least one list; −1 is an empty place.",
        _coverage,
        (
            "A film in a thousand lists is still one film.",
            "`np.unique` of all lists gives each number that occurs once. One of them is no film.",
            "Leave out −1, count what is left, and divide by num_items.",
        ),
        "import numpy as np\n\n\ndef answer(lists, num_items):\n"
        "    return len(np.unique(lists[lists >= 0])) / num_items",
        "On MovieLens popularity shows 5 % of the films, item-kNN without stars 31 %.",
    ),
]

QUESTIONS = [
    Question(
        "1.q1",
        "A user has no rating for a film. What do we know?",
        (
            Choice(
                "The user does not like it", "Then 94 % of all pairs would be dislikes. Most films were never seen."
            ),
            Choice("The user has not seen it", "Many see a film and never rate it. The data do not tell which."),
            Choice(
                "Nothing for sure", "It is not there, for one of many reasons. A model must live with that.", right=True
            ),
        ),
    ),
    Question(
        "1.q2",
        "Two films have a correlation of 1.00. What do you ask first?",
        (
            Choice("How many people rated both?", "With one common rater it is always 1 or −1.", right=True),
            Choice(
                "Do they share a genre?", "Neighbours need no genre. And a shared genre does not make 1.00 credible."
            ),
            Choice("Are both popular?", "What counts are the common raters, and two known films may have few of them."),
        ),
    ),
    Question(
        "1.q3",
        "A film enters the catalogue today; nobody has rated it. Which method can say something personal about it?",
        (
            Choice("Item-kNN", "Its neighbours are found by common raters. It has none, so only the biases are left."),
            Choice("Content-based", "Genre, words and year are known on the first day.", right=True),
            Choice("Popularity", "With 0 ratings it stands last, for everybody alike."),
        ),
    ),
    Question(
        "1.q4",
        "Method A has the smaller RMSE, method B the higher HR@10. Which one makes the better list of ten?",
        (
            Choice("A: who knows the stars knows the list", "Item-kNN has a good RMSE here, and 3 % hits. Two tasks."),
            Choice(
                "B, as far as hits are what you want", "Then look at its coverage and at the rare films.", right=True
            ),
            Choice("Both alike", "Here they differ by a factor of four, with the same data."),
        ),
    ),
]
