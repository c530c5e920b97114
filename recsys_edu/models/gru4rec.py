r"""GRU4Rec: a recurrent network reads a user's items one by one and keeps a state h.

    z_t = σ(W_z q_t + U_z h_{t−1} + b_z)                 how much of the old state stays
    r_t = σ(W_r q_t + U_r h_{t−1} + b_r)                 how much of it the candidate sees
    h̃_t = tanh(W_h q_t + U_h (r_t ⊙ h_{t−1}) + b_h)      the candidate
    h_t = z_t ⊙ h_{t−1} + (1 − z_t) ⊙ h̃_t,   h_0 = 0,   x_t = W h_t

q_t is the vector of the item at step t; z is Keras' gate, one minus that of the paper.
Source: Hidasi, Karatzoglou, Baltrunas, Tikk, "Session-based Recommendations with Recurrent Neural Networks", ICLR
2016, equations 1 to 4. The tied embedding and the cross-entropy: Hidasi, Karatzoglou, "Recurrent Neural Networks with
Top-k Gains", CIKM 2018.
Defaults: of five tried on MovieLens-100K, the best after 18 epochs by NDCG@10 on each user's last item but one, seed 0.
"""

from __future__ import annotations

import keras
from keras import ops
from keras.layers import GRU, Dense

from recsys_edu.models.next_item import NextItemModel


@keras.saving.register_keras_serializable(package="recsys_edu")
class GRU4Rec(NextItemModel):
    """A GRU of `units` neurons, with `dropout` on what it reads and on its states."""

    def __init__(self, num_users, num_items, embedding_dim, length=50, units=64, dropout=0.3):
        super().__init__(num_users, num_items, embedding_dim, length, dropout)
        self.units = units
        self.gru = GRU(units, return_sequences=True, reset_after=False)
        self.out = Dense(embedding_dim, use_bias=False)

    def states(self, items, training: bool = False):
        q = self.item_embedding(ops.maximum(items, 0))  # (batch, length, d)
        h = self.gru(self.dropout(q, training=training))  # (batch, length, units)
        return self.out(self.dropout(h, training=training))  # (batch, length, d)

    def get_config(self) -> dict:
        return super().get_config() | {"units": self.units}
