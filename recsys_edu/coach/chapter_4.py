"""Chapter 4, the math: a bias, an activation, a loss over what is known, a gradient that counts every row."""

from __future__ import annotations

import numpy as np

from recsys_edu.coach.exercise import Choice, Exercise, Question, Wrong, call, expect, expect_array


def _bias(answer: object) -> None:
    b = float(expect_array(answer, (), "One number is asked for: the bias of the second neuron."))
    z = -1 * 1 + 3 * 0.2 + b
    expect(abs(b + 0.4) > 1e-9, "−0.4 is what the neuron gives now. Which number takes it to 0 when it is added?")
    expect(abs(b) > 1e-9, "With b = 0 the neuron gives w · x = −1 · 1 + 3 · 0.2. Is that 0?")
    expect(abs(z) < 1e-9, f"With your bias the neuron gives {z:.3g}. It must give 0: solve w · x + b = 0 for b.")


def _leaky(answer: object) -> None:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong("Two functions are asked for, in this order: (leaky_relu, its_derivative).")
    z = np.array([-3.0, -0.5, 0.5, 4.0])
    value = expect_array(call(answer[0], z), (4,), "Leaky ReLU takes an array and gives one of the same shape.")
    slope = expect_array(call(answer[1], z), (4,), "The derivative takes an array and gives one of the same shape.")
    expect(bool(value[:2].any()), "For z below 0 yours gives 0: that is plain ReLU. The leak is 0.1 z.")
    expect(np.allclose(value, np.where(z > 0, z, 0.1 * z)), "Check the two branches: z above 0, 0.1 z below.")
    expect(bool(slope[:2].any()), "Below 0 your slope is 0, so nothing is learnt there. What is the slope of 0.1 z?")
    expect(
        not np.allclose(slope, value),
        "Your derivative gives the function's own values. It must say how steep the line is, everywhere the same.",
    )
    expect(np.allclose(slope, np.where(z > 0, 1.0, 0.1)), "A line has one slope: 1 on the right, 0.1 on the left.")


def _observed(answer: object) -> None:
    r_hat = np.array([[3.0, 2.0, 4.0], [1.0, 5.0, 3.0]])
    r = np.array([[5.0, np.nan, 4.0], [np.nan, 2.0, np.nan]])
    loss = float(np.asarray(call(answer, np.nan_to_num(r), r_hat, ~np.isnan(r))))
    known = np.array([4.0, 0.0, 9.0])
    as_zero = float(np.mean((np.nan_to_num(r) - r_hat) ** 2))
    expect(np.isfinite(loss), "Your loss is not a number.")
    expect(not np.isclose(loss, as_zero), "A missing rating counts as 0 stars here: the model would learn to say 0.")
    expect(not np.isclose(loss, known.sum() / 6), "You divide by all cells of U × I. How many ratings are there?")
    expect(not np.isclose(loss, known.sum()), "That is the sum. The mean over the known pairs is asked for.")
    expect(not np.isclose(loss, np.abs([2, 0, 3]).mean()), "That is the mean of |error|. The squared loss squares it.")
    expect(np.isclose(loss, known.mean()), f"For errors 2, 0 and 3 on three known pairs yours gives {loss:.4g}.")


def _repeated(answer: object) -> None:
    g = np.array([[1.0, 0.0], [0.0, 2.0], [10.0, 10.0]])
    G = expect_array(
        call(answer, (4, 2), np.array([1, 3, 1]), g), (4, 2), "The gradient of a table has the shape of the table."
    )
    right = np.array([[0, 0], [11, 10], [0, 0], [0, 2]])
    expect(
        not np.allclose(G[1], g[2]), "Row 1 occurs twice, and the last one wins: `G[rows] += g` adds only once a row."
    )
    expect(
        not np.allclose(G[1], [5.5, 5]), "Row 1 has the mean of its two gradients. A sum of losses has the sum of them."
    )
    expect(not G[[0, 2]].any(), "Rows that are not in the batch have no gradient: 0.")
    expect(np.allclose(G, right), "Each example adds its gradient to the row that it looked up.")


EXERCISES = [
    Exercise(
        "4.1",
        "Which bias makes the second neuron of 4.1 give exactly 0 for the film (1, 0.2)?",
        _bias,
        (
            "The bias is added at the end: it moves the result and nothing else.",
            "Without a bias the neuron gives w · x, with w = (−1, 3) and x = (1, 0.2).",
            "w · x = −1 + 0.6 = −0.4, so −0.4 + b must be 0.",
        ),
        "answer = 0.4  # −1 · 1 + 3 · 0.2 + 0.4 = 0",
        "The bias moves the place where the neuron switches.",
    ),
    Exercise(
        "4.2",
        "Write leaky ReLU (z above 0, 0.1 z below) and its derivative: check('4.2', (leaky_relu, derivative)).",
        _leaky,
        (
            "Both functions choose between two cases, for each number of the array by itself.",
            "`np.where(condition, here, there)` chooses number by number.",
            "The derivative of a line is its slope: 1 on the right, 0.1 on the left.",
        ),
        "import numpy as np\n\n\ndef leaky_relu(z):\n    return np.where(z > 0, z, 0.1 * z)\n\n\n"
        "def derivative(z):\n    return np.where(z > 0, 1.0, 0.1)\n\n\nanswer = (leaky_relu, derivative)",
        "Where ReLU stops learning, the leak lets a tenth of the gradient through.",
    ),
    Exercise(
        "4.3",
        "Write loss(r, r_hat, known): the mean of (r − r̂)² over the cells where `known` is True. All three are (U, I).",
        _observed,
        (
            "Only some of the cells hold a rating. Which ones may speak?",
            "`known` can choose cells: `r[known]` is a flat array of the ratings that exist.",
            "Take the errors of the known cells, square them, and divide their sum by how many they are.",
        ),
        "import numpy as np\n\n\ndef answer(r, r_hat, known):\n    return np.mean((r[known] - r_hat[known]) ** 2)",
        "A missing rating is not 0 stars; it is not there.",
    ),
    Exercise(
        "4.4",
        "Write gradient(shape, rows, g), of a table: example k looked up rows[k] and got the gradient g[k].",
        _repeated,
        (
            "What should happen to a user who occurs twice in a batch?",
            "Start from zeros of the table's shape. `G[rows] += g` looks right: try it with a row that occurs twice.",
            "`np.add.at(G, rows, g)` adds once for each example.",
        ),
        "import numpy as np\n\n\ndef answer(shape, rows, g):\n    G = np.zeros(shape)\n    np.add.at(G, rows, g)\n"
        "    return G",
        "So a user with many ratings in a batch moves further.",
    ),
]

QUESTIONS = [
    Question(
        "4.q1",
        "A network has ten layers and no activation. What can it compute that one layer cannot?",
        (
            Choice(
                "Curves of degree ten", "Each layer is Wx + b: multiplied out, no power of x above the first appears."
            ),
            Choice("Nothing", "Ten matrices in a row are one matrix.", right=True),
            Choice(
                "The same, but more precisely", "It has more numbers to learn, but no function that one layer has not."
            ),
        ),
    ),
    Question(
        "4.q2",
        "The loss grows from step to step. What do you try first?",
        (
            Choice("A smaller learning rate", "The steps jump over the valley: shorten them.", right=True),
            Choice("More epochs", "More steps of the wrong size lead further away."),
            Choice("More layers", "A larger model with the same steps overshoots as well."),
        ),
    ),
    Question(
        "4.q3",
        "You change the loss from a mean over the batch to a sum, and keep η. What happens to a step of SGD?",
        (
            Choice(
                "It stays the same", "That holds for the direction alone: the gradient of a sum is |B| times as long."
            ),
            Choice("It becomes |B| times as long", "So say which of the two you use when you name η.", right=True),
            Choice("It becomes shorter", "A sum is larger than its mean, and so is its gradient."),
        ),
    ),
]
