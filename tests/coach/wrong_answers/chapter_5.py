"""What learners typically answer in chapter 5, and a part of what they should be told."""

MODEL = (
    "import tensorflow as tf\nfrom keras import Model\nfrom keras.layers import Dense, Embedding\n"
    "class answer(Model):\n    def __init__(self, num_users, num_items, d):\n        super().__init__()\n"
    "        self.p, self.q = Embedding(num_users, d), Embedding(num_items, d)\n        self.dense = Dense(1)\n"
    "    def call(self, inputs):\n        u, i = %s\n        return %s"
)
BOTH = "self.dense(tf.concat([self.p(u), self.q(i)], axis=1))"
CHOOSE = (
    "import numpy as np\ndef answer(values, learn, error, train, test):\n    larger, smaller = train[:80], train[80:]\n"
    "    best = min(values, key=lambda l2: error(learn(%s, l2), %s))\n    return %s"
)
REPORT = "best, error(learn(train, best), test)"

WRONG = {
    "5.1": [
        (MODEL % ("inputs[:, 0], inputs[:, 1]", BOTH), "not tuple. It gets one argument, a list"),
        ((MODEL % ("inputs", BOTH)) + "\nanswer = answer(5, 7, 3)", "not a model made of it"),
        (MODEL % ("inputs[1], inputs[0]", BOTH), "looked up in the items' table"),
        (MODEL % ("inputs", BOTH + "[:, 0]"), "as a column"),
        (
            MODEL % ("inputs", "tf.reduce_sum(self.p(u) * self.q(i), axis=1, keepdims=True) / tf.norm(self.q(i))"),
            "the other pairs of the batch",
        ),
        (MODEL % ("inputs", "self.dense(self.q(i))"), "the user's vector is not used"),
    ],
    "5.2": [
        ("answer = lambda labels, ids: ids", "as they are"),
        ("answer = lambda labels, ids: ids - 1", "without a gap"),
        ("import numpy as np\nanswer = np.searchsorted", "needs sorted labels"),
        ("import numpy as np\nanswer = lambda labels, ids: np.searchsorted(np.sort(labels), ids)", "the rank among"),
        (
            "import numpy as np\nanswer = lambda labels, ids: np.flatnonzero(np.isin(labels, ids))",
            "must give the ids back",
        ),
    ],
    "5.3": [
        ("answer = lambda s: s.std()", "the spread of the scores themselves"),
        ("answer = lambda s: (s - s.mean(axis=1, keepdims=True)).std()", "not that of each item"),
        ("answer = lambda s: (s - s.mean(axis=0)).std()", "not that of each user"),
        (
            "answer = lambda s: (s - s.mean(axis=1, keepdims=True) - s.mean(axis=0) + s.mean()).var()",
            "That is the variance",
        ),
        ("answer = lambda s: s - s.mean(axis=1, keepdims=True) - s.mean(axis=0)", "One number is asked for"),
    ],
    "5.4": [
        ("import numpy as np\nanswer = lambda p, q: np.tensordot(p, q, 2)", "for the whole batch"),
        ("answer = lambda p, q: p @ q.T", "every user with every film"),
        ("answer = lambda p, q: (p * q).sum(axis=0)", "you sum over the batch"),
        ("answer = lambda p, q: (p * q).sum(axis=1)", "keepdims=True"),
        ("answer = lambda p, q: (p + q).sum(axis=1, keepdims=True)", "Pair 1 is"),
    ],
    "5.5": [
        (CHOOSE % ("train", "test", REPORT), "Whoever chooses by the test"),
        (CHOOSE % ("train", "train", REPORT), "λ = 0 always looks best"),
        (CHOOSE % ("train", "smaller", REPORT), "λ = 0 always looks best"),
        (CHOOSE % ("larger", "smaller", "best, error(learn(train, best), smaller)"), "λ = 0 always looks best"),
        (CHOOSE % ("larger", "smaller", "best, error(learn(larger, best), smaller)"), "never looked at"),
        (CHOOSE % ("larger", "smaller", "best"), "Two numbers are asked for"),
        (CHOOSE % ("np.append(larger, test)", "smaller", REPORT), "learns from the test"),
    ],
}
