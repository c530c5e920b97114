"""Chapter 7, tools: when a run stops, FM's sum, a CIN layer, a file for the projector, a scorer that is fair."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, Wrong, call, expect, expect_array

VALLEY = [5.0, 3.0, 4.0, 4.0, 2.0, 6.0, 6.0, 6.0, 1.0]
SLOW = [5.0, 4.9, 4.8, 4.7, 4.6, 4.5]


def _epochs(answer: object, losses: list[float], patience: int, min_delta: float = 0.0) -> tuple[int, int]:
    found = call(answer, list(losses), patience, min_delta)
    ends = expect_array(found, (2,), "Two epochs are asked for: (the last one of the run, the best one).")
    expect(
        bool((ends == ends.astype(int)).all()),
        f"An epoch is a whole number, and yours gives {ends.tolist()}. Do you return a loss instead of its place?",
    )
    return int(ends[0]), int(ends[1])


def _stopping(answer: object) -> None:
    ends, best = _epochs(answer, [5.0, 3.0, 2.2, 4.0, 3.5, 3.0, 2.5, 2.4], 2)
    expect((best, ends) != (4, 2), "The two are in the other order: first where the run ends, then the best epoch.")
    expect(best == 2, f"The losses 5, 3, 2.2, 4, 3.5, … are best in epoch 2, counted from 0. Yours says {best}.")
    expect(
        ends != 7,
        "Yours runs on to the end: after a bump the losses fall again, but never below the best one. "
        "Compare with the best loss so far, not with the one before.",
    )
    expect(ends != 5, "Yours waits one epoch too long: with patience 2 the second epoch that is no better is the last.")
    expect(ends != 3, "Yours stops at the first epoch that is no better. Patience 2 allows one more.")
    expect(
        ends == 4, f"Losses 5, 3, 2.2, 4, 3.5, patience 2: epochs 3 and 4 are no better, so 4 is the last, not {ends}."
    )
    expect(_epochs(answer, VALLEY, 3) == (7, 4), "A new best loss must set the count of bad epochs back to 0.")
    expect(_epochs(answer, VALLEY, 2) == (3, 1), "The best is the best so far. What comes after the end is not known.")
    expect(_epochs(answer, [2.0, 2.0, 2.0, 2.0], 2) == (2, 0), "A loss that equals the best one is no improvement.")
    expect(_epochs(answer, [3.0, 2.0, 1.0], 2) == (2, 2), "A run that improves to the end stops with its last epoch.")
    _less_easily_pleased(answer)


def _less_easily_pleased(answer: object) -> None:
    expect(_epochs(answer, [2.0, 2.2, 2.3], 1, 0.25) == (1, 0), "A loss that rises is no improvement: mind the sign.")
    found = _epochs(answer, SLOW, 4, 0.25)
    expect(found != (5, 5), "min_delta has no effect in yours: falling by 0.1 is not enough when min_delta is 0.25.")
    expect(
        found != (4, 0),
        "A slow fall of 0.1 an epoch is never enough for yours. Compare with the loss of the epoch that counts as the "
        "best, not with the one before, nor with the smallest so far.",
    )
    expect(found == (5, 3), f"5, 4.9, 4.8, 4.7: only 4.7 is more than 0.25 below 5. Best epoch 3, not {found[1]}.")


def _pairwise(answer: object) -> None:
    e = np.array([[[1.0, 2.0], [3.0, -1.0], [2.0, 1.0]], [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]])  # (2, 3, 2)
    right = np.array([sum(x[f] @ x[g] for f in range(3) for g in range(f + 1, 3)) for x in e])
    found = np.asarray(call(answer, e), "float64")
    if found.ndim == 0:
        raise Wrong("Yours gives one number for the whole batch: the examples are mixed. Sum within an example only.")
    expect(found.shape != (2, 2), "Yours still has d numbers an example. A dot product sums over them too.")
    sums = expect_array(
        found.reshape(-1) if found.shape == (2, 1) else found, (2,), "One number an example is asked for."
    )
    expect(not np.allclose(sums, 2 * right), "Exactly twice too much: each pair is there as (f, g) and (g, f).")
    squares, own = (e.sum(axis=1) ** 2).sum(axis=1), (e**2).sum(axis=(1, 2))  # (2,), (2,)
    expect(
        not any(np.allclose(sums, known) for known in (squares, squares / 2, right + own)),
        "Yours also holds each vector with itself, e_f · e_f, as the square of the sum does. Take Σ ‖e_f‖² away.",
    )
    expect(np.allclose(sums, right), "For e = (1, 2), (3, −1), (2, 1) the sum is 1 + 4 + 5 = 10.")
    more = np.random.default_rng(0).normal(size=(1, 5, 4))
    expect(np.allclose(call(answer, more), call(answer, more[:, ::-1])), "The order of the fields must not matter.")


def _cin(answer: object) -> None:
    rng = np.random.default_rng(1)
    x_k, x_0, W = rng.normal(size=(5, 3, 4)), rng.normal(size=(5, 3, 4)), rng.normal(size=(2, 3, 3))
    right = np.einsum("hij,bid,bjd->bhd", W, x_k, x_0)
    found = np.asarray(call(answer, x_k, x_0, W), "float64")
    expect(found.shape != (2, 4), "One result for the whole batch: yours sums over the examples. Each keeps its own.")
    expect(
        found.shape != (5, 2),
        "One number a row: yours has summed over d. The vectors are multiplied number by number and stay vectors; "
        "only the end of the whole CIN sums them.",
    )
    rows = expect_array(found, (5, 2, 4), "A layer gives K vectors of d numbers for each example, (batch, K, d).")
    swapped = np.einsum("hji,bid,bjd->bhd", W, x_k, x_0)
    expect(not np.allclose(rows, swapped), "W[h, i, j] belongs to row i of x_k and row j of x_0: yours swaps them.")
    expect(
        not np.allclose(rows, np.maximum(right, 0)),
        "There is a ReLU in yours. This CIN has no activation, so that layer k holds exact products of k + 1 vectors.",
    )
    only = np.einsum("hij,bid->bhd", W, x_k)
    expect(not np.allclose(rows, only), "x_0 is missing: each row of x_k is multiplied with each row of x_0.")
    expect(
        np.allclose(rows, right), "Row h is Σ_i Σ_j W[h, i, j] · (x_k[i] ∘ x_0[j]). Try it with W all 0 but for one."
    )
    tall = call(answer, rng.normal(size=(1, 5, 4)), x_0[:1], rng.normal(size=(2, 5, 3)))
    expect_array(tall, (1, 2, 4), "It must also work where x_k has another number of rows than x_0.")


def _metadata(answer: object) -> None:
    text = call(answer, ["Alien", "Big\tFish", "Up\nand down"], [1979, 2003, 2001])
    expect(isinstance(text, str), f"The text of the file is asked for, one str. Yours is a {type(text).__name__}.")
    lines = text.rstrip("\n").split("\n")
    expect(
        "Alien" not in lines[0],
        "The first line must name the columns: with two of them the projector takes it for names, and Alien is lost.",
    )
    expect(
        len(lines) != 5,
        "The line break in the third title makes two lines of it: from there on each name is that of another vector.",
    )
    expect(len(lines) == 4, f"Three films and the names of the columns are 4 lines. Yours has {len(lines)}.")
    tabs = [line.count("\t") for line in lines]
    expect(tabs[2] != 2, "The tab in the second title makes a third column. Replace it by a space.")
    expect(tabs == [1] * 4, "Two columns need exactly one tab in each line, also in the first.")
    expect("\r" not in text, "Lines end with a line feed alone.")
    titles = [line.split("\t")[0] for line in lines[1:]]
    expect(
        titles[0] == "Alien", f"The title is the first column, the year the second; yours begins with {titles[0]!r}."
    )
    expect(titles[1].split() == ["Big", "Fish"], f"Only the tab must change: 'Big Fish', not {titles[1]!r}.")
    expect([line.split("\t")[1] for line in lines[1:]] == ["1979", "2003", "2001"], "The year is the second column.")


def _valid(answer: object) -> None:
    seen = np.zeros((4, 6), dtype=bool)
    seen[0, 5] = seen[1, 2] = True
    top = np.array([[0, 1, 2], [0, 2, 4], [3, 3, 1], [2, 1, 0]])
    verdict = np.asarray(call(answer, top, seen))
    expect(
        verdict.shape != (),
        "One verdict for all. A scorer must say whose list is wrong: one True or False for each user, (n,).",
    )
    expect(verdict.shape == (4,), f"One verdict a user is asked for, (4,). Yours has shape {verdict.shape}.")
    said = verdict.astype(bool).tolist()
    expect(
        said != [False, True, True, False], "True must mean that the list is in order: yours is the other way round."
    )
    expect(not said[1], "User 1 gets film 2, which user 1 has rated. Look it up in `seen`, row by row.")
    expect(not said[2], "User 2 gets film 3 twice.")
    expect(
        said[3],
        "User 3 has a good list, with films that others have too. Compare within a list, and with the user's own row "
        "of `seen`.",
    )
    expect(said[0], "User 0 has rated film 5 alone, and the list does not hold it.")


EXERCISES = [
    Exercise(
        "7.1",
        "Write stopping(losses, patience, min_delta): the epoch after which EarlyStopping ends a run, and the best.",
        _stopping,
        (
            "What must you remember while you go through the losses? Two numbers are enough.",
            "Remember the best epoch so far. How many epochs ago was it?",
            "A loss below `losses[best] - min_delta` moves `best`; else the run ends when `epoch - best >= patience`.",
        ),
        "def answer(losses, patience, min_delta):\n    best = 0\n    for epoch, loss in enumerate(losses):\n"
        "        if epoch == 0 or loss < losses[best] - min_delta:\n            best = epoch\n"
        "        elif epoch - best >= patience:\n"
        "            break\n    return epoch, best",
        "Without `restore_best_weights` you would keep the last epoch, not the best one.",
    ),
    Exercise(
        "7.2",
        "Write pairwise(e), e (batch, F, d): the sum of e_f · e_g over all pairs f < g, one number an example.",
        _pairwise,
        (
            "Which axis counts examples, which fields, which the numbers of a vector? Which of them may be summed?",
            "The square of the sum over the fields holds each pair twice, and each vector with itself once.",
            "Per example: half of (the square of the sum over F, minus the sum over F of the squares), summed over d.",
        ),
        "def answer(e):\n    square_of_sum = e.sum(axis=1) ** 2  # (batch, d)\n"
        "    sum_of_squares = (e**2).sum(axis=1)  # (batch, d)\n"
        "    return (square_of_sum - sum_of_squares).sum(axis=1) / 2",
        "That is all of FM but its linear part.",
    ),
    Exercise(
        "7.3",
        "Write cin_layer(x_k, x_0, W) for a batch: (batch, H, d), (batch, m, d), (K, H, m) -> (batch, K, d).",
        _cin,
        (
            "Write the formula with its indices first: h, i, j, the place in the vector, and the example.",
            "Which indices are summed, and which does the result keep? `np.einsum` wants to know just that.",
            "i and j are summed; b, h and d stay: einsum of W (h, i, j), x_k (b, i, d), x_0 (b, j, d) to (b, h, d).",
        ),
        "import numpy as np\n\n\ndef answer(x_k, x_0, W):\n    return np.einsum('hij,bid,bjd->bhd', W, x_k, x_0)",
        "A layer of degree k times the first layer: degree k + 1.",
    ),
    Exercise(
        "7.4",
        "Write metadata(titles, years): the text of a metadata.tsv with two columns, for the Embedding Projector.",
        _metadata,
        (
            "How does the projector know which words belong to which vector?",
            "A line for each film, a tab between the columns, names in the first line. What may a title not contain?",
            "`' '.join(title.split())` leaves no tab and no line break in a title.",
        ),
        "def answer(titles, years):\n    rows = [('title', 'year')]\n"
        "    rows += [(' '.join(title.split()), str(year)) for title, year in zip(titles, years)]\n"
        "    return ''.join('\\t'.join(row) + '\\n' for row in rows)",
        "`projector.texts` does the same for a whole table of films.",
    ),
    Exercise(
        "7.5",
        "Write valid(top, seen): for each user, whether the films of the list are all different and all unseen.",
        _valid,
        (
            "Two questions for each user. Answer them one at a time, then join them.",
            "`seen[u, top[u]]` says of each film of user u whether it was rated; a set has no double.",
            "For each u: `len(set(top[u])) == len(top[u]) and not seen[u, top[u]].any()`.",
        ),
        "import numpy as np\n\n\ndef answer(top, seen):\n"
        "    return np.array([len(set(row)) == len(row) and not known[row].any() for row, known in zip(top, seen)])",
        "A scorer that does not look lets a list win with films that the user has chosen already.",
    ),
]

QUESTIONS = [
    Question(
        "7.q1",
        "Inside a tf.function you write `losses.append(loss)`. After 100 calls, what is in the list?",
        (
            Choice("100 numbers", "The call to append is Python, and Python runs only while the graph is traced."),
            Choice("One symbol without a value", "It was traced once, when `loss` had no value yet.", right=True),
            Choice("Nothing", "Python did run, once: while the function was traced."),
        ),
    ),
    Question(
        "7.q2",
        "You stop where the TEST error is smallest and report that error. What is wrong?",
        (
            Choice("Nothing, the weights never saw the test", "The weights did not, but you did: you chose by it."),
            Choice("It is too good: the test helped to choose", "Choose by ratings put aside.", right=True),
            Choice(
                "It is too bad: the run was cut short", "Cutting a run short lowered the error. That is the trouble."
            ),
        ),
    ),
    Question(
        "7.q3",
        "Where would you expect DeepFM to beat plain matrix factorisation?",
        (
            Choice("Where every user has many ratings", "There user_id knows what age and gender could say."),
            Choice(
                "Where many users and items are new, with many fields", "Then the fields are all there is.", right=True
            ),
            Choice("Everywhere, it has more weights", "On MovieLens-100K it has fewer weights, and it loses."),
        ),
    ),
    Question(
        "7.q4",
        "A team leads the public board by far after 200 submissions. What do you conclude?",
        (
            Choice("It will win", "Each look at the board fits it a little. Only the hidden half can tell."),
            Choice("It has cheated", "It may just have tried much. Honest tries fit the board as well."),
            Choice("Not much before the private score", "The best of 200 is lucky as well as good.", right=True),
        ),
    ),
]
