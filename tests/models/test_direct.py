"""The models that need no gradient steps, against scikit-learn or a loop written from the formula."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity

from recsys_edu.data import random_split
from recsys_edu.errors import DataError, NotFittedError, SettingsError, UnknownIdError
from recsys_edu.metrics import rmse
from recsys_edu.models import content, direct
from recsys_edu.models.biases import Biases
from recsys_edu.models.content import ContentBased
from recsys_edu.models.ease import EASE
from recsys_edu.models.item_knn import ItemKNN
from recsys_edu.models.popularity import Popularity
from recsys_edu.models.user_knn import UserKNN

MODELS = [
    Popularity(),
    Biases(),
    ItemKNN(),
    ItemKNN(implicit=True),
    UserKNN(),
    UserKNN(implicit=True),
    ContentBased(),
    EASE(),
]
KNN = [ItemKNN, UserKNN]


@pytest.fixture(scope="module")
def train(planted):
    """40 users and 30 items of the planted set; user 3 and item 5 without a rating."""
    rows = (planted.user_index < 40) & (planted.item_index < 30) & (planted.user_index != 3) & (planted.item_index != 5)
    part = planted.take(np.flatnonzero(rows))
    return replace(part, users=planted.users[:40], items=planted.items[:30])


@pytest.fixture(params=MODELS, ids=repr)
def model(request, train):
    return replace(request.param).fit(train)


def everybody(train):
    return np.arange(train.num_users)


def test_scores_are_the_predictions_of_all_items(model, train):
    scores = model.scores(everybody(train))
    assert scores.shape == (40, 30)
    assert scores.dtype == np.float32
    u, i = np.divmod(np.random.default_rng(0).permutation(40 * 30), 30)
    predicted = model.predict_pairs(u, i)
    assert predicted.dtype == np.float32
    np.testing.assert_allclose(predicted, scores[u, i], atol=1e-6)


def test_more_users_than_a_block_holds(model, train, monkeypatch):
    u, i = np.divmod(np.arange(40 * 30), 30)
    whole = model.predict_pairs(u, i)
    monkeypatch.setattr(direct, "USERS_AT_ONCE", 7)
    np.testing.assert_allclose(model.predict_pairs(u, i), whole, atol=1e-6)


def test_who_rated_nothing_and_what_nobody_rated_have_finite_scores(model, train):
    scores = model.scores(everybody(train))
    assert np.isfinite(scores).all()
    if not model.predicts_ratings and not isinstance(model, Popularity):
        assert not scores[3].any()
        assert not scores[:, 5].any()


def test_who_rated_nothing_gets_the_biases_of_the_items(train):
    of_items = Biases().fit(train).scores(np.array([3]))
    for model in (ItemKNN(), UserKNN(), ContentBased()):
        np.testing.assert_allclose(model.fit(train).scores(np.array([3])), of_items, atol=1e-6)


def test_saves_and_loads(model, train, tmp_path):
    model.save(tmp_path / "kept")
    again = type(model).load(tmp_path / "kept")
    assert repr(again) == repr(model)
    np.testing.assert_array_equal(again.scores(everybody(train)), model.scores(everybody(train)))
    np.testing.assert_array_equal(again.item_vectors(), model.item_vectors())
    assert again.count_params() == model.count_params()


def test_state_moves_to_a_model_that_has_not_learnt(model, train):
    other = replace(model)
    other.restore(model.state())
    np.testing.assert_array_equal(other.scores(everybody(train)), model.scores(everybody(train)))


def test_a_file_of_something_else_is_refused(train, tmp_path):
    EASE().fit(train).save(tmp_path / "ease.npz")
    with pytest.raises(DataError, match=r"Cannot read Biases .* it holds EASE"):
        Biases.load(tmp_path / "ease.npz")
    (tmp_path / "text").write_text("no arrays", encoding="utf-8")
    np.save(tmp_path / "one.npy", np.ones(3))
    np.savez(tmp_path / "pickled.npz", config=np.array([{}], dtype=object))
    for name in ("text", "one.npy", "pickled.npz", "nowhere"):
        with pytest.raises(DataError, match="Cannot read EASE"):
            EASE.load(tmp_path / name)
    whole = (tmp_path / "ease.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="Cannot read EASE"):
        EASE.load(tmp_path / "half.npz")


def test_unknown_rows_are_refused(model):
    with pytest.raises(UnknownIdError, match="user_index 40 is not in the model: it learnt rows 0 to 39"):
        model.predict_pairs([40], [0])
    with pytest.raises(UnknownIdError, match="item_index -1 is not in the model"):
        model.predict_pairs([0], [-1])
    with pytest.raises(UnknownIdError, match="user_index 99"):
        model.scores(np.array([99]))
    assert model.predict_pairs([], np.array([], int)).shape == (0,)
    assert model.scores(np.array([], int)).shape == (0, 30)


@pytest.mark.parametrize("unfitted", MODELS, ids=repr)
def test_before_fit_there_is_a_sentence(unfitted, tmp_path):
    model = replace(unfitted)
    asks = [
        lambda: model.predict_pairs([0], [0]),
        lambda: model.scores(np.array([0])),
        model.item_vectors,
        model.count_params,
        model.state,
        lambda: model.save(tmp_path / "nothing"),
    ]
    for ask in asks:
        with pytest.raises(NotFittedError, match=f"This {type(model).__name__} has not learnt anything yet"):
            ask()
    assert not (tmp_path / "nothing").exists()


def test_nothing_to_learn_from_is_refused(model, train):
    with pytest.raises(DataError, match="no rating to learn from"):
        replace(model).fit(train.take(np.arange(0)))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ItemKNN(k=0), "k is 0; it must be a number from 1 up"),
        (lambda: UserKNN(shrink=float("nan")), "shrink is nan"),
        (lambda: EASE(l2=0), "l2 is 0"),
        (lambda: ContentBased(l2=-1.0), "l2 is -1"),
        (lambda: Biases(rounds=0), "rounds is 0"),
    ],
)
def test_options_without_sense_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()


def test_a_matrix_that_would_not_fit_is_refused(train, monkeypatch):
    monkeypatch.setattr(direct, "MOST_ROWS", 29)
    for model in (EASE(), ItemKNN(), ItemKNN(implicit=True), ContentBased()):
        with pytest.raises(DataError, match="compares all items with all: for 30 items"):
            model.fit(train)
    with pytest.raises(DataError, match="compares all users with all: for 40 users"):
        UserKNN().fit(train)


def test_popularity_counts(train):
    model = Popularity().fit(train)
    counts = [int((train.item_index == i).sum()) for i in range(30)]
    np.testing.assert_array_equal(model.scores(np.array([0, 3])), [counts, counts])
    assert model.count_params() == 30


def test_biases_settle_at_the_joint_ridge_solution(train):
    """scikit-learn has one λ; a column divided by √λ_u has the penalty λ_u b_u²."""
    λ_u, λ_i = 5.0, 2.0
    one_hot = np.zeros((len(train), 70))
    one_hot[np.arange(len(train)), train.user_index] = 1 / np.sqrt(λ_u)
    one_hot[np.arange(len(train)), 40 + train.item_index] = 1 / np.sqrt(λ_i)
    rating = train.rating.astype("float64")
    ridge = Ridge(alpha=1.0, fit_intercept=False, solver="cholesky").fit(one_hot, rating - rating.mean())
    model = Biases(user_l2=λ_u, item_l2=λ_i, rounds=200).fit(train)
    np.testing.assert_allclose(model.user_bias, ridge.coef_[:40] / np.sqrt(λ_u), atol=1e-8)
    np.testing.assert_allclose(model.item_bias, ridge.coef_[40:] / np.sqrt(λ_i), atol=1e-8)


def test_ease_is_a_ridge_regression_of_each_item_on_the_others(train):
    X = train.seen().astype("float64")
    model = EASE(l2=3.0).fit(train)
    for j in range(30):
        others = np.delete(X, j, axis=1)
        ridge = Ridge(alpha=3.0, fit_intercept=False, solver="cholesky").fit(others, X[:, j])
        np.testing.assert_allclose(np.delete(model.B[:, j], j), ridge.coef_, atol=1e-6)
        np.testing.assert_allclose(model.scores(everybody(train))[:, j], ridge.predict(others), atol=1e-6)
    assert not np.diag(model.B).any()


def test_content_is_a_ridge_regression_a_user(train):
    model = ContentBased(l2=2.0).fit(train)
    biases = Biases().fit(train)
    X = content.item_features(train.items)
    for u in (0, 7, 39):
        rows = train.user_index == u
        ridge = Ridge(alpha=2.0, fit_intercept=False, solver="cholesky")
        ridge.fit(X[train.item_index[rows]], biases.residuals(train)[rows])
        expected = biases.scores(np.array([u]))[0] + ridge.predict(X)
        np.testing.assert_allclose(model.scores(np.array([u]))[0], expected, atol=1e-6)


def test_title_words_are_weighted_as_scikit_learn_does(planted):
    vectorizer = TfidfVectorizer(token_pattern=r"\w+", min_df=2)
    expected = vectorizer.fit_transform(planted.items["title"]).toarray()
    genres = len({genre for text in planted.items["genres"] for genre in text.split("|") if genre})
    decades = planted.items["year"].floordiv(10).nunique()
    X = content.item_features(planted.items)
    assert X.shape == (200, genres + expected.shape[1] + decades)
    np.testing.assert_allclose(X[:, genres : genres + expected.shape[1]], expected, atol=1e-12)


def test_features_by_hand():
    items = pd.DataFrame(
        {
            "title": ["Alien Alien", "The Alien", "Solaris"],
            "genres": ["Sci-Fi|Horror", "", "Sci-Fi"],
            "year": pd.array([1979, None, 1972], dtype="Int64"),
        }
    )
    half = np.sqrt(1 / 2)
    np.testing.assert_allclose(
        content.item_features(items),  # Horror, Sci-Fi, alien, 1970s: the other words stand in one title alone
        [[half, half, 1, 1], [0, 0, 1, 0], [0, 1, 0, 1]],
    )


def test_content_knows_an_item_that_nobody_has_rated(planted):
    """Held out: all ratings of a tenth of the items. Genres tell taste in the planted set; biases cannot."""
    new = planted.item_index % 10 == 0
    train, test = planted.take(np.flatnonzero(~new)), planted.take(np.flatnonzero(new))

    def error(model):
        return rmse(test.rating, model.fit(train).predict_pairs(test.user_index, test.item_index))

    assert error(ContentBased()) < 0.95 * error(Biases())


def squared_pearson_by_loop(Z, rated, λ):
    """Columns of Z, from the formula."""
    n = Z.shape[1]
    s = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            both = rated[:, i] & rated[:, j]
            a, b = Z[both, i], Z[both, j]
            if i != j and both.sum() > 1:
                rho = (a @ b) / np.sqrt((a @ a) * (b @ b))
                s[i, j] = (max(0.0, rho) * (both.sum() - 1) / (both.sum() - 1 + λ)) ** 2
    return s


def nearest_by_loop(s, k):
    """Sets N_k: the k largest of each row."""
    return [set(np.argsort(-row, kind="stable")[:k]) for row in s]


@pytest.mark.parametrize("k", [4, 1000])
@pytest.mark.parametrize("kind", KNN)
def test_knn_predicts_what_a_loop_over_the_formula_does(kind, k, train):
    λ, β = 10.0, 0.05
    biases = Biases().fit(train)
    base = biases.scores(everybody(train)).astype("float64")
    rated = train.seen()
    Z = np.zeros(rated.shape)
    Z[train.user_index, train.item_index] = train.rating - base[train.user_index, train.item_index]
    by_item = kind is ItemKNN
    s = squared_pearson_by_loop(Z, rated, λ) if by_item else squared_pearson_by_loop(Z.T, rated.T, λ)
    near = nearest_by_loop(s, k)
    expected = base.copy()
    for u in range(40):
        for i in range(30):
            if by_item:
                terms = [(s[i, j], Z[u, j]) for j in near[i] if rated[u, j]]
            else:
                terms = [(s[u, v], Z[v, i]) for v in near[u] if rated[v, i]]
            expected[u, i] += sum(a * z for a, z in terms) / (sum(a for a, _ in terms) + β)
    model = kind(k=k, sim_shrink=λ, shrink=β).fit(train)
    np.testing.assert_allclose(model.scores(everybody(train)), expected, atol=1e-6)
    assert np.abs(expected - base).max() > 0.3  # the neighbours do say something


@pytest.mark.parametrize("kind", KNN)
def test_implicit_knn_is_scikit_learns_cosine_summed(kind, train):
    X = train.seen().astype("float64")
    s = cosine_similarity(X.T if kind is ItemKNN else X)
    np.fill_diagonal(s, 0)
    expected = X @ s if kind is ItemKNN else s @ X
    scores = kind(k=1000, sim_shrink=0.0, implicit=True).fit(train).scores(everybody(train))
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-6)


def test_implicit_item_knn_sums_over_the_nearest_k_and_their_equals(train):
    X = train.seen().astype("float64")
    s = cosine_similarity(X.T)
    np.fill_diagonal(s, 0)
    kth = np.sort(s, axis=1)[:, -3]
    s[s < kth[:, None] - 1e-9] = 0
    scores = ItemKNN(k=3, sim_shrink=0.0, implicit=True).fit(train).scores(everybody(train))
    np.testing.assert_allclose(scores, X @ s.T, rtol=1e-6, atol=1e-6)


def test_knn_without_shrinking_has_an_answer_where_there_is_no_neighbour(train):
    for kind in KNN:
        model = kind(k=1, sim_shrink=0.0, shrink=0.0).fit(train)
        assert np.isfinite(model.scores(everybody(train))).all()


def test_vectors_keep_the_largest_directions():
    A = np.random.default_rng(0).normal(size=(50, 40)) * 1.5 ** -np.arange(40)
    q = direct.column_vectors(A, d=5)  # (40, 5)
    _, sigma, V_t = np.linalg.svd(A)
    np.testing.assert_allclose(q @ q.T, (V_t[:5].T * sigma[:5] ** 2) @ V_t[:5], atol=1e-4)
    assert direct.column_vectors(A[:, :3], d=32).shape == (3, 3)


def test_neighbours_share_a_genre_in_the_vectors_of_item_knn_and_ease(planted):
    """The planted tastes are genres: the nearest item by vector has one in common more often than any item has."""
    genres = content.counts([text.split("|") for text in planted.items["genres"]]) > 0
    shared = genres.astype(int) @ genres.T.astype(int) > 0
    np.fill_diagonal(shared, False)
    for model in (ItemKNN(), UserKNN(), ContentBased()):
        q = model.fit(planted).item_vectors().astype("float64")
        similarity = cosine_similarity(q)
        np.fill_diagonal(similarity, -np.inf)
        assert shared[np.arange(200), similarity.argmax(axis=1)].mean() > 2 * shared.mean()


@pytest.mark.parametrize("model", [ItemKNN(), UserKNN(), ContentBased()], ids=repr)
def test_error_on_movielens_stays_below_that_of_biases(model, movielens):
    """The README's table has the figures; this keeps them from slipping."""
    parts = random_split(movielens, seed=0)
    predicted = model.fit(parts.train).predict_pairs(parts.test.user_index, parts.test.item_index)
    assert rmse(parts.test.rating, np.clip(predicted, 1, 5)) < 0.925
