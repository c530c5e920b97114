r"""xDeepFM: beside the deep part a network whose layers multiply fields vector by vector, each layer one degree more.

    r̂_ui = linear + w_cin · p⁺ + deep
    X^k_{h,*} = Σ_i Σ_j W^{k,h}_ij ( X^{k-1}_{i,*} ∘ X^0_{j,*} ),    p^k_h = Σ_D X^k_{h,D},    p⁺ = [p^1 ; … ; p^T]

The rows of X^0 (m, D) are the m field vectors e_f of D = d numbers each, ∘ multiplies number by number. X^k (H_k, D)
holds H_k products of degree k + 1; there is no activation between the layers, as the paper found best. The fields,
`linear`, `deep` and the L2 penalty: `models.field_model`. Stars have no σ at the end.

Source: Lian et al., "xDeepFM: Combining Explicit and Implicit Feature Interactions for Recommender Systems", KDD 2018,
section 3 (X^k: equation 6).
"""

from __future__ import annotations

import keras
from keras import ops
from keras.layers import Dense

from recsys_edu.models.field_model import FieldModel


@keras.saving.register_keras_serializable(package="recsys_edu")
class CIN(keras.layers.Layer):
    """The compressed interaction network: X^0 (batch, m, D) -> p⁺ (batch, Σ_k H_k), with `maps` = (H_1, …, H_T) and
    L2 strength `l2` on W."""

    def __init__(self, maps, l2: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.maps, self.l2 = tuple(maps), l2

    def build(self, shape):
        m = shape[1]
        shapes = [(h, before, m) for h, before in zip(self.maps, (m, *self.maps), strict=False)]  # (H_k, H_{k-1}, m)
        penalty = keras.regularizers.L2(self.l2)
        self.W = [self.add_weight(shape=s, initializer=_glorot(s), regularizer=penalty) for s in shapes]

    def call(self, x_0):
        x_0 = ops.transpose(x_0, (0, 2, 1))  # (batch, D, m)
        x_k, p = x_0, []
        for W in self.W:
            h_k, h_before, m = W.shape
            z = x_k[..., :, None] * x_0[..., None, :]  # (batch, D, H_{k-1}, m)
            z = ops.reshape(z, (-1, z.shape[1], h_before * m))  # (batch, D, H_{k-1} m)
            x_k = ops.matmul(z, ops.transpose(ops.reshape(W, (h_k, -1))))  # (batch, D, H_k)
            p.append(ops.sum(x_k, axis=1))  # (batch, H_k)
        return ops.concatenate(p, axis=1)


@keras.saving.register_keras_serializable(package="recsys_edu")
class XDeepFM(FieldModel):
    """`depth` = T layers of `maps` = H_k vectors each; `cin_l2` is the L2 strength on W and w_cin.

    Without `cin_l2` they can make up for vectors that λ keeps small, and the model overfits. Defaults: by the error on
    a tenth of the training rows of MovieLens-100K's random split, seed 0."""

    def __init__(self, *sizes_of_data, maps: int = 8, depth: int = 2, cin_l2: float = 0.002, **arguments):
        super().__init__(*sizes_of_data, **arguments)
        self.maps, self.depth, self.cin_l2 = maps, depth, cin_l2
        self.cin = CIN([maps] * depth, cin_l2)
        self.w_cin = Dense(1, use_bias=False, kernel_regularizer=keras.regularizers.L2(cin_l2))

    def call(self, inputs, training: bool = False):
        e, linear = self.read_fields(inputs)  # (batch, F, d), (batch, 1)
        return linear + self.w_cin(self.cin(e)) + self.deep(e, training)  # (batch, 1)

    def get_config(self) -> dict:
        return super().get_config() | {"maps": self.maps, "depth": self.depth, "cin_l2": self.cin_l2}


def _glorot(shape: tuple[int, int, int]) -> keras.initializers.Initializer:
    """Variance 2 / (sums in + sums out), as for a dense layer from H_{k-1} m products to H_k."""
    h_k, h_before, m = shape
    return keras.initializers.RandomNormal(stddev=(2 / (h_k + h_before * m)) ** 0.5)
