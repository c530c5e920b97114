"""The register of the models: what each is called, its formula, its paper, and settings that suit MovieLens-100K.

Plain data: reading it imports neither TensorFlow nor a model. How each default was chosen stands in the model's file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys_edu.errors import SettingsError

GRADIENT = ("embedding_dim", "learning_rate", "batch_size", "epochs")
TABLES = {"users": ("user_embedding",), "items": ("item_embedding",)}


@dataclass(frozen=True)
class ModelCard:
    """`family` groups models for people. `knobs` are the fields of `Settings` that the model takes notice of, beside
    the seed; `settings` are good values for them; `options` what this model alone has, with defaults. `example` says
    what one training example is: a rating, an item, a user, a window of a user's history, or all data at once."""

    title: str
    family: str
    formula: str
    source: str
    module: str
    class_name: str
    predicts_ratings: bool = True
    example: str = "rating"
    knobs: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    sides: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def by_chance(self) -> bool:
        """Another seed gives another model."""
        return bool({"epochs", "seed"} & set(self.knobs))

    @property
    def by_gradient(self) -> bool:
        """Learnt in steps; the others are computed in one go."""
        return "learning_rate" in self.knobs

    def complete(self, options: dict) -> dict:
        """All options, in the card's order, of the type of their defaults. Raises SettingsError for one that the model
        does not have, or of another type."""
        for name in options:
            if name not in self.options:
                known = ", ".join(self.options) or "none"
                raise SettingsError(f"The model {self.module!r} has no option {name!r}. It has: {known}.")
        return {name: _as(name, options.get(name, default), default) for name, default in self.options.items()}


def _as(name: str, value, default):
    """`value` in the type of `default`; a bool may come as the text true or false."""
    kind = type(default)
    try:
        if kind is bool and not isinstance(value, bool):
            return {"true": True, "false": False}[str(value).lower()]
        return kind(value)
    except (KeyError, TypeError, ValueError):
        raise SettingsError(f"The option {name} is {value!r}; it must be like {default!r}.") from None


MODELS: dict[str, ModelCard] = {
    "popularity": ModelCard(
        title="Popularity",
        family="baseline",
        formula=r"s_{ui} = n_i",
        source="no paper",
        module="popularity",
        class_name="Popularity",
        predicts_ratings=False,
        example="all",
    ),
    "biases": ModelCard(
        title="Biases",
        family="baseline",
        formula=r"\hat r_{ui} = \mu + b_u + b_i",
        source="Koren 2010",
        module="biases",
        class_name="Biases",
        example="all",
        options={"user_l2": 5.0, "item_l2": 2.0},
    ),
    "user_knn": ModelCard(
        title="Nearest users",
        family="neighbours",
        formula=r"\hat r_{ui} = b_{ui} + \frac{\sum_{v \in N(u)} s_{uv} z_{vi}}{\sum_{v \in N(u)} s_{uv} + \beta}",
        source="Herlocker et al. 1999",
        module="user_knn",
        class_name="UserKNN",
        example="all",
        options={"k": 100, "sim_shrink": 100.0, "shrink": 0.05, "implicit": False},
    ),
    "item_knn": ModelCard(
        title="Nearest items",
        family="neighbours",
        formula=r"\hat r_{ui} = b_{ui} + \frac{\sum_{j \in N(i)} s_{ij} z_{uj}}{\sum_{j \in N(i)} s_{ij} + \beta}",
        source="Sarwar et al. 2001; Koren 2010",
        module="item_knn",
        class_name="ItemKNN",
        example="all",
        options={"k": 100, "sim_shrink": 100.0, "shrink": 0.03, "implicit": False},
    ),
    "content": ModelCard(
        title="Content-based",
        family="content",
        formula=r"\hat r_{ui} = b_{ui} + w_u \cdot x_i",
        source="Pazzani, Billsus 2007",
        module="content",
        class_name="ContentBased",
        example="all",
        knobs=("l2",),
        settings={"l2": 8.0},
    ),
    "ease": ModelCard(
        title="EASE",
        family="neighbours",
        formula=r"s_u = x_u B, \quad B_{ij} = -P_{ij} / P_{jj}",
        source="Steck 2019",
        module="ease",
        class_name="EASE",
        predicts_ratings=False,
        example="all",
        knobs=("l2",),
        settings={"l2": 100.0},
    ),
    "mf": ModelCard(
        title="Matrix factorisation",
        family="factors",
        formula=r"\hat r_{ui} = \mu + b_u + b_i + p_u \cdot q_i",
        source="Koren, Bell, Volinsky 2009",
        module="mf",
        class_name="MatrixFactorization",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 32, "learning_rate": 0.007, "batch_size": 1024, "l2": 0.12, "epochs": 10},
        options={"alpha": 0.5},
        sides={"users": ("user_embedding", "user_bias"), "items": ("item_embedding", "item_bias")},
    ),
    "mlp": ModelCard(
        title="Multi-layer perceptron",
        family="deep",
        formula=r"\hat r_{ui} = w \cdot \sigma(W [p_u ; q_i] + b) + c",
        source="He et al. 2017, section 3.3",
        module="mlp",
        class_name="MLP",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 16, "learning_rate": 0.001, "batch_size": 1024, "l2": 2.0, "epochs": 12},
        sides=TABLES,
    ),
    "article": ModelCard(
        title="The article's Recommender",
        family="deep",
        formula=r"\hat r_{ui} = w \cdot [p_u ; q_i] + b",
        source="the article, code example",
        module="article",
        class_name="Recommender",
        knobs=GRADIENT,
        settings={"embedding_dim": 16, "learning_rate": 0.01, "batch_size": 1024, "epochs": 20},
        sides=TABLES,
    ),
    "svdpp": ModelCard(
        title="SVD++",
        family="factors",
        formula=r"\hat r_{ui} = \mu + b_u + b_i + q_i \cdot \bigl( p_u + |N(u)|^{-1/2} \sum_{j \in N(u)} y_j \bigr)",
        source="Koren 2008",
        module="svdpp",
        class_name="SVDpp",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 32, "learning_rate": 0.005, "batch_size": 1024, "l2": 0.14, "epochs": 17},
        options={"alpha": 0.5, "choice_l2": 1.0},
        sides={"users": ("user_embedding", "user_bias"), "items": ("item_embedding", "item_bias", "choice_vectors")},
    ),
    "neumf": ModelCard(
        title="Neural matrix factorisation",
        family="deep",
        formula=r"s_{ui} = h \cdot [\, p^G_u \circ q^G_i \,;\, \mathrm{MLP}(p^M_u, q^M_i) \,]",
        source="He et al. 2017",
        module="neumf",
        class_name="NeuMF",
        predicts_ratings=False,
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 16, "learning_rate": 0.005, "batch_size": 4096, "l2": 0.001, "epochs": 12},
        options={"negatives": 4},
        sides={"users": ("user_embedding", "user_embedding_mlp"), "items": ("item_embedding", "item_embedding_mlp")},
    ),
    "autorec": ModelCard(
        title="AutoRec",
        family="deep",
        formula=r"\hat r_{ui} = b_{ui} + w_u \cdot \mathrm{ReLU}(V x_i + \mu) + c_u",
        source="Sedhain et al. 2015",
        module="autorec",
        class_name="AutoRec",
        example="item",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 128, "learning_rate": 0.001, "batch_size": 128, "l2": 0.002, "epochs": 20},
        options={"dropout": 0.5},
    ),
    "two_tower": ModelCard(
        title="Two towers",
        family="deep",
        formula=r"s_{ui} = \frac{1}{\tau} \, p_u \cdot q_i, \quad p_u = f(e_u), \; q_i = g(e_i)",
        source="Yi et al. 2019",
        module="two_tower",
        class_name="TwoTower",
        predicts_ratings=False,
        knobs=GRADIENT,
        settings={"embedding_dim": 32, "learning_rate": 0.002, "batch_size": 1024, "epochs": 24},
        options={"temperature": 0.2, "correct": True},
        sides={"users": ("user_embedding", "user_tower"), "items": ("item_embedding", "item_tower")},
    ),
    "gru4rec": ModelCard(
        title="GRU4Rec",
        family="sequence",
        formula=r"s_{ui} = W h_t \cdot q_i + b_i, \quad h_t = \mathrm{GRU}(q_t, h_{t-1})",
        source="Hidasi et al. 2016",
        module="gru4rec",
        class_name="GRU4Rec",
        predicts_ratings=False,
        example="window",
        knobs=GRADIENT,
        settings={"embedding_dim": 64, "learning_rate": 0.004, "batch_size": 32, "epochs": 18},
        options={"length": 50, "units": 64, "dropout": 0.3},
    ),
    "caser": ModelCard(
        title="Caser",
        family="sequence",
        formula=r"s_{ui} = \bigl( \sigma(W [o ; \tilde o] + b) + p_u \bigr) \cdot q_i + b_i",
        source="Tang, Wang 2018",
        module="caser",
        class_name="Caser",
        predicts_ratings=False,
        knobs=GRADIENT,
        settings={"embedding_dim": 64, "learning_rate": 0.002, "batch_size": 512, "epochs": 16},
        options={"length": 5, "filters": 16, "columns": 4, "dropout": 0.5},
        sides={"users": ("user_embedding",), "items": ("item_embedding", "image_embedding", "item_bias")},
    ),
    "sasrec": ModelCard(
        title="SASRec",
        family="sequence",
        formula=r"s_{ui} = x_t \cdot q_i + b_i, \quad S = \mathrm{softmax}(Q K^\top / \sqrt d + \mathrm{mask}) V",
        source="Kang, McAuley 2018",
        module="sasrec",
        class_name="SASRec",
        predicts_ratings=False,
        example="window",
        knobs=GRADIENT,
        settings={"embedding_dim": 64, "learning_rate": 0.005, "batch_size": 64, "epochs": 15},
        options={"length": 50, "blocks": 1, "dropout": 0.3},
    ),
    "bpmf": ModelCard(
        title="Bayesian matrix factorisation",
        family="factors",
        formula=r"\hat r_{ui} = E[\, \mu + b_u + b_i + p_u \cdot q_i \mid \text{ratings}, x_u, x_i \,]",
        source="Salakhutdinov, Mnih 2008; Simm et al. 2017",
        module="bpmf",
        class_name="BayesianMF",
        example="all",
        knobs=("embedding_dim", "seed"),
        options={"sweeps": 250, "burn_in": 50},
    ),
    "deepfm": ModelCard(
        title="DeepFM",
        family="features",
        formula=r"\hat r_{ui} = \sum_j x_j w_j + \sum_{f < g} e_f \cdot e_g + \mathrm{MLP}([e_1 ; \dots ; e_F])",
        source="Guo et al. 2017",
        module="deepfm",
        class_name="DeepFM",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 8, "learning_rate": 0.002, "batch_size": 1024, "l2": 0.05, "epochs": 20},
        options={"dropout": 0.5, "units": 64, "side": True, "time": False},
    ),
    "xdeepfm": ModelCard(
        title="xDeepFM",
        family="features",
        formula=r"\hat r_{ui} = \sum_j x_j w_j + w \cdot \mathrm{CIN}(e) + \mathrm{MLP}([e_1 ; \dots ; e_F])",
        source="Lian et al. 2018",
        module="xdeepfm",
        class_name="XDeepFM",
        knobs=(*GRADIENT, "l2"),
        settings={"embedding_dim": 8, "learning_rate": 0.004, "batch_size": 1024, "l2": 0.05, "epochs": 15},
        options={"dropout": 0.5, "units": 64, "maps": 8, "depth": 2, "cin_l2": 0.002, "side": True, "time": False},
    ),
}
