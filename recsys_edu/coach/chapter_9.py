"""Chapter 9, questions and answers: a front, a crossing, a difference, a count of parts, a choice."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, call, expect, expect_array


def _front(answer: object) -> None:
    seconds = np.array([1.0, 2.0, 3.0, 2.0, 0.5, 9.0])
    error = np.array([0.9, 0.8, 0.85, 0.8, 1.0, 0.7])
    said = expect_array(call(answer, seconds, error), (6,), "One True or False for each model is asked for.")
    said = said.astype(bool)
    expect(
        said.any(), "Yours leaves nobody. Does each model dominate itself in your code? It is as good, but not better."
    )
    expect(
        said.tolist() != [False, False, False, False, True, True],
        "Only the fastest and the best are left. A model in between may be on the front: who beats it in BOTH?",
    )
    expect(not said[2], "The model with 3 s and 0.85 is beaten in both by the one with 2 s and 0.8.")
    expect(bool(said[1] and said[3]), "Two models are equal in both. Neither is better in one, so both stay.")
    expect(
        said.tolist() == [True, True, False, True, True, True], "Compare each model with each other, in both figures."
    )
    tied = np.asarray(call(answer, np.array([1.0, 1.0]), np.array([0.9, 0.8])), bool)
    expect(
        tied.tolist() == [False, True], "Of two models with equal seconds, the one with the smaller error dominates."
    )
    order = np.array([3, 0, 5, 2, 1, 4])
    shuffled = np.asarray(call(answer, seconds[order], error[order]), bool)
    expect(np.array_equal(shuffled, said[order]), "The answer must not depend on the order in which the models stand.")


def _cross(answer: object) -> None:
    n = np.array([5, 10, 20, 40, 80])
    found = call(answer, n, np.array([0.9, 0.9, 0.9, 0.9, 0.9]), np.array([1.0, 0.8, 0.95, 0.85, 0.8]))
    expect(found != -1, "From 40 ratings on the second model is better. Yours finds nothing.")
    expect(found != 10, "At 10 it is better, but at 20 it is worse again. It must stay better to the end.")
    expect(found != 3, "That is a place in the array. The number of ratings there is asked for: n[place].")
    expect(found != 20, "At 20 the second model is still worse. It is better at the next n.")
    expect(found == 40, f"From 40 on it is better and stays so; yours says {found}.")
    none = call(answer, n, np.full(5, 0.9), np.array([0.8, 0.8, 0.8, 0.8, 0.9]))
    expect(none == -1, "At the last n the two are equal, so nowhere is the second better from there on: −1.")
    every = call(answer, n, np.full(5, 0.9), np.full(5, 0.8))
    expect(every == 5, "The second model is better everywhere: the answer is the smallest n.")


def _verdict(answer: object, a: np.ndarray, b: np.ndarray) -> bool:
    said = np.asarray(call(answer, a, b))
    expect(said.shape == (), f"One True or False is asked for. Yours has shape {said.shape}: is 0 inside, or outside?")
    return bool(said)


def _differ(answer: object) -> None:
    rng = np.random.default_rng(0)
    user = rng.normal(1.0, 0.5, size=900)  # how hard each user is, for every model
    a = user + rng.normal(0, 0.05, size=900)
    clear = _verdict(answer, a, a + 0.02 + rng.normal(0, 0.05, size=900))
    expect(
        clear,
        "These two differ: the second is worse by nearly the same amount for each user. Two separate intervals cannot "
        "see that: take a − b, user by user, first.",
    )
    d = rng.normal(size=900)
    d -= d.mean()
    alike = _verdict(answer, user, user + d + 0.055)
    expect(not alike, "The mean difference is 0.055 and its standard error 0.033: the interval holds 0.")
    apart = _verdict(answer, user, user + d + 0.075)
    expect(
        apart,
        "The mean difference is 0.075, and its interval reaches from 0.01 to 0.14. The standard error of a mean is the "
        "standard deviation divided by √n.",
    )
    other = _verdict(answer, user + d + 0.075, user)
    expect(other, "With a and b exchanged yours says something else. A difference may be negative.")


def _needed(answer: object) -> None:
    few = call(answer, np.array([0.1, 8.0, 0.1, 1.7, 0.1]), 0.9)
    expect(few != 3, "Yours counts one too many: 8 and 1.7 are 97 % of all, and one part alone only 80 %.")
    expect(few != 4, "Yours takes the parts in the order in which they stand. Take the largest first: 8, then 1.7.")
    expect(
        few != 5, "Yours takes the smallest parts first, or a share of their number. The largest say most: add sizes."
    )
    expect(few == 2, f"Of the parts 8, 1.7 and three of 0.1, two make 90 %; yours says {few}.")
    signed = call(answer, np.array([4.0, -3.0, 2.0, -1.0]), 0.65)
    expect(signed == 2, "Parts may be negative: −3 says more than 2. Add up their sizes |c|, not the parts.")
    exact = call(answer, np.array([1.0, 1.0, 1.0, 1.0]), 0.5)
    expect(exact == 2, "Two of four equal parts make exactly a half, and that is enough.")
    whole = call(answer, np.array([2.0, -1.0]), 1.0)
    expect(whole == 2, "For a share of 1 all parts are needed, none more.")


def _take(answer: object) -> None:
    error = np.array([0.95, 0.90, 0.91, 0.80])
    seconds = np.array([0.1, 5.0, 1.0, 90.0])
    middle = error[:, None] - error
    low, high = middle - 0.02, middle + 0.02
    taken = call(answer, error, low, high, seconds, 10.0)
    expect(
        taken != -1,
        "Three models are within the limit. Yours takes none. Do you look for the best within the limit alone?",
    )
    expect(taken != 3, "Model 3 has the smallest error, but took 90 s, and 10 are allowed.")
    expect(taken != 1, "Model 1 is best, but model 2 cannot be told apart from it and is faster.")
    expect(taken != 0, "Model 0 is the fastest, but its error is worse than the best for certain.")
    expect(taken == 2, f"Model 2 is asked for, by its number; yours says {taken}.")
    expect(
        call(answer, error, low, high, seconds, 100.0) == 3,
        "With 100 s model 3 is allowed, and nobody is like it. The best is the best of those WITHIN the limit.",
    )
    expect(call(answer, error, low, high, seconds, 5.0) == 2, "A model that takes exactly the limit is within it.")
    expect(call(answer, error, low, high, seconds, 0.01) == -1, "Nobody is within 0.01 s: the answer is −1.")


EXERCISES = [
    Exercise(
        "9.1",
        "Write on_front(seconds, error): True for each model that no other one dominates.",
        _front,
        (
            "Ask of each model: is there another one that I would always prefer?",
            "Model m dominates k if it is at least as good in both figures, and better in one. All pairs at once: "
            "`error[:, None] <= error` is a square of comparisons, row m against column k.",
            "`as_good = (s[:, None] <= s) & (e[:, None] <= e)`, `better` the same with < and |; a model is out if any "
            "row dominates its column: `~(as_good & better).any(axis=0)`.",
        ),
        "def answer(seconds, error):\n"
        "    as_good = (seconds[:, None] <= seconds) & (error[:, None] <= error)  # (m, m): row against column\n"
        "    better = (seconds[:, None] < seconds) | (error[:, None] < error)\n"
        "    return ~(as_good & better).any(axis=0)",
        "All others can be left out of the discussion.",
    ),
    Exercise(
        "9.2",
        "Write from_here_on(n, simple, deep): the smallest n from which on deep is better and stays so, or -1.",
        _cross,
        (
            "A curve can cross another one, and cross back. Where would you stop looking?",
            "Walk from the largest n down, as long as `deep` is better.",
            "Keep the last n at which `deep[k] < simple[k]`; break at the first k where it is not.",
        ),
        "def answer(n, simple, deep):\n    found = -1\n    for k in reversed(range(len(n))):\n"
        "        if deep[k] >= simple[k]:\n            break\n        found = n[k]\n    return found",
        "So a lucky point in the middle of a curve does not decide.",
    ),
    Exercise(
        "9.3",
        "Write differ(a, b): True if the 95 % interval of the mean difference, user by user, does not hold 0.",
        _differ,
        (
            "Some users are hard for every model. What takes them out of the comparison?",
            "Take d = a − b first. Then the mean of d, and the standard error of that mean: std / √n.",
            "The interval is mean ± 1.96 · std / √n. It does not hold 0 if |mean| is larger than 1.96 · std / √n.",
        ),
        "import numpy as np\n\n\ndef answer(a, b):\n    d = a - b\n"
        "    return abs(d.mean()) > 1.96 * d.std(ddof=1) / np.sqrt(len(d))",
        "The same users judged both models: use that.",
    ),
    Exercise(
        "9.4",
        "Write needed(parts, share): how many parts, the largest first, make `share` of the sum of all sizes.",
        _needed,
        (
            "What is large: 2 or −3?",
            "Sort the sizes |c| from the largest down, and add them up one after the other (`np.cumsum`).",
            "Count the sums that stay below share · total, and add 1. Allow for rounding: subtract 1e-12.",
        ),
        "import numpy as np\n\n\ndef answer(parts, share):\n    sizes = np.sort(np.abs(parts))[::-1]\n"
        "    return 1 + int(np.sum(np.cumsum(sizes) < share * sizes.sum() - 1e-12))",
        "A number for 'opaque'. What it leaves out: whether the parts have names.",
    ),
    Exercise(
        "9.5",
        "Write take(error, low, high, seconds, limit): the number of the model to take, or -1.",
        _take,
        (
            "Three steps, in this order: leave out, find the best, look who is like it.",
            "The models within the limit: `np.flatnonzero(seconds <= limit)`. The best is the best of these.",
            "k is like the best if `low[k, best] <= 0 <= high[k, best]`; of all that are within and like, take the one "
            "with the fewest seconds.",
        ),
        "import numpy as np\n\n\ndef answer(error, low, high, seconds, limit):\n"
        "    within = np.flatnonzero(seconds <= limit)\n    if len(within) == 0:\n        return -1\n"
        "    best = within[error[within].argmin()]\n"
        "    like = [k for k in within if low[k, best] <= 0 <= high[k, best]]\n"
        "    return min(like, key=lambda k: seconds[k])",
        "That is the package's chooser, without its sentences.",
    ),
]

QUESTIONS = [
    Question(
        "9.q1",
        "The 95 % intervals of two models overlap. They were judged on the same users. What do you say?",
        (
            Choice(
                "They are alike", "mf and the biases overlapped too, and differed clearly when compared user by user."
            ),
            Choice(
                "Nothing yet: ask for the interval of the difference", "It takes out how hard each user is.", right=True
            ),
            Choice("The one with the better mean is better", "Perhaps by luck: that is what an interval is for."),
        ),
    ),
    Question(
        "9.q2",
        "A new service has 4 ratings a user, and wants lists. Which model does the learning curve speak for?",
        (
            Choice("The one that is best with all ratings", "Its curve crosses the others' further right: not yet."),
            Choice(
                "Popularity, until more ratings have come",
                "It needs nobody's history. Measure again later.",
                right=True,
            ),
            Choice(
                "The model with the fewest numbers, whatever it is",
                "The biases have few numbers too, and order films badly: they were made for stars.",
            ),
        ),
    ),
    Question(
        "9.q3",
        "Two ways to explain a prediction of a network name different inputs as the most important. What follows?",
        (
            Choice("One of the two has an error", "On a linear model the same two agree: both do what they say."),
            Choice(
                "'Important' has no single meaning for this model",
                "A network is no sum of parts, so each method invents a sum of its own.",
                right=True,
            ),
            Choice(
                "The network has not learned enough",
                "More training changes the parts, not that there is no true split.",
            ),
        ),
    ),
    Question(
        "9.q4",
        "A model cannot know anything of new films, and orders them 'significantly' better than chance. How?",
        (
            Choice(
                "It has learned something after all", "From what? The films had no ratings, and it reads nothing else."
            ),
            Choice(
                "One lucky start, the same for all users",
                "The interval asks what other users would change; all of them would meet the same start.",
                right=True,
            ),
            Choice("The interval was computed wrongly", "It answers its question: what if other users had come?"),
        ),
    ),
]
