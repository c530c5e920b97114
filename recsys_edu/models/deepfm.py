r"""DeepFM: a factorisation machine and a deep network over the same field vectors.

    r̂_ui = linear + Σ_f Σ_g>f e_f · e_g + deep

The double sum over the F fields takes time linear in F when it is written as

    Σ_f Σ_g>f e_f · e_g = 1/2 Σ_d [ (Σ_f e_f,d)² − Σ_f e_f,d² ]

With user_id and item_id alone, `linear`, the sum and the bias b are matrix factorisation: μ + b_u + b_i + p_u · q_i.
The fields, `linear`, `deep` and the L2 penalty: `models.field_model`. Stars have no σ at the end.

Source: Guo et al., "DeepFM: A Factorization-Machine based Neural Network for CTR Prediction", IJCAI 2017, equations 1
to 4; the rewriting: Rendle, "Factorization Machines", ICDM 2010, lemma 3.1.
"""

from __future__ import annotations

import keras
from keras import ops

from recsys_edu.models.field_model import FieldModel


def pairwise(e):
    """Σ_f Σ_g>f e_f · e_g: (batch, F, d) -> (batch, 1)."""
    square_of_sum = ops.square(ops.sum(e, axis=1))  # (batch, d)
    sum_of_squares = ops.sum(ops.square(e), axis=1)  # (batch, d)
    return ops.sum(square_of_sum - sum_of_squares, axis=1, keepdims=True) / 2


@keras.saving.register_keras_serializable(package="recsys_edu")
class DeepFM(FieldModel):
    """linear + pairwise products of field vectors + deep. Defaults: by the error on a tenth of the training rows of
    MovieLens-100K's random split, seed 0; dropout matters most."""

    def call(self, inputs, training: bool = False):
        e, linear = self.read_fields(inputs)  # (batch, F, d), (batch, 1)
        return linear + pairwise(e) + self.deep(e, training)  # (batch, 1)
