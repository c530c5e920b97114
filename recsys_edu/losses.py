r"""Chapter 4 and 5: what a model is punished for, apart from the model and from the fit.

Each function returns the loss of every example, (batch,); the trainer takes their mean and adds the model's own
penalty. Keras operations, so that gradients flow.
"""

from __future__ import annotations

from keras import ops


def mse(rating, predicted):
    r"""Squared error of ratings: (r_ui − r̂_ui)². Both (batch,) or (batch, 1) -> (batch,)."""
    return ops.reshape(ops.square(rating - predicted), (-1,))


def bpr(positive, negative):
    r"""Bayesian personalised ranking: −log σ(s_ui − s_uj), i seen by u and j not. Scores (batch,) -> (batch,).

    Written as log(1 + e^{−x}), which does not overflow. Source: Rendle et al., "BPR", UAI 2009, section 4.1."""
    return ops.softplus(negative - positive)


def binary_cross_entropy(label, logit):
    r"""−y log σ(s) − (1 − y) log(1 − σ(s)) = log(1 + e^{s}) − y s, for y of 0 or 1 and a score s before σ: a logit.
    Same shapes in and out."""
    return ops.softplus(logit) - label * logit


def softmax(scores, target):
    r"""Cross-entropy over a catalogue: −log ( e^{s_t} / Σ_j e^{s_j} ).

    scores (batch, C), target (batch,) int -> (batch,).
    Each position of a sequence may be an example: (batch, L, C) and (batch, L) -> (batch, L)."""
    target_score = ops.take_along_axis(scores, ops.expand_dims(target, -1), axis=-1)[..., 0]
    return ops.logsumexp(scores, axis=-1) - target_score


def in_batch_softmax(user_vectors, item_vectors, item_index, log_q):
    r"""The other items of the batch are the negatives of each pair; popular ones come too often, so their scores are
    corrected by how likely they are to be there:

        s_ab = p_a · q_b − log Q(b),   L_a = −log ( e^{s_aa} / Σ_b e^{s_ab} )

    user_vectors, item_vectors (batch, d); item_index (batch,); log_q (batch,) log of each item's share of the
    examples. A second copy of a's own item is no negative and is left out. Returns (batch,).
    Source: Yi et al., "Sampling-Bias-Corrected Neural Modeling", RecSys 2019, equations 3 to 5."""
    s = ops.matmul(user_vectors, ops.transpose(item_vectors)) - log_q  # (batch, batch)
    same = ops.equal(item_index[:, None], item_index[None, :])  # (batch, batch)
    copies = ops.logical_and(same, ops.logical_not(ops.eye(ops.shape(s)[0], dtype="bool")))
    s = ops.where(copies, -1e9, s)
    return ops.logsumexp(s, axis=1) - ops.diagonal(s)
