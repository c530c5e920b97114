"""What every chapter leans on: pictures that move, a still of each for pages without a kernel, claims that can fail."""

import plotly.graph_objects as go
import pytest

from recsys_edu import lesson, sources
from recsys_edu.errors import DataError, SettingsError
from recsys_edu.events import BatchEvent, EpochEvent, FailedEvent, FinishedEvent
from recsys_edu.lesson.pictures import STILL

WIDGET = "application/vnd.jupyter.widget-view+json"


class Screen:
    """What a notebook would show: each display, and every later state of it."""

    def __init__(self):
        self.shown = []

    def display(self, bundle, raw=False, display_id=None):
        assert raw
        self.shown.append(bundle)
        return self

    def update(self, bundle, raw=False):
        assert raw
        assert bundle[WIDGET] == self.shown[-1][WIDGET]  # the same picture, in its place
        self.shown[-1] = bundle


@pytest.fixture
def screen(monkeypatch):
    screen = Screen()
    monkeypatch.setattr("IPython.display.display", screen.display)
    return screen


def epoch(number, train, mse=None, ndcg=None, loss="mse"):
    return EpochEvent(float(number), loss, train, mse, ndcg, 0.1)


def test_the_loss_curve_grows_epoch_by_epoch_in_stars_and_leaves_a_still(screen):
    curve = lesson.LossCurve("Learning")
    curve(BatchEvent(0.5, 1, 4, 9.0))
    assert not screen.shown  # nothing to draw yet
    curve(epoch(1, 4.0, mse=9.0))
    curve(epoch(2, 1.0, mse=4.0))
    training, held_out = curve.figure.data
    assert (list(training.x), list(training.y)) == ([1, 2], [2, 1])
    assert list(held_out.y) == [3, 2]
    assert curve.figure.layout.yaxis.title.text == "RMSE (stars)"
    curve(FinishedEvent(2.0, 0.2, 10))
    assert len(screen.shown) == 1
    assert list(screen.shown[0][STILL]["data"][1]["y"]) == [3, 2]


def test_the_loss_curve_of_a_list_has_its_ndcg_on_an_axis_of_its_own(screen):
    curve = lesson.LossCurve("Learning")
    curve(epoch(1, 0.7, ndcg=0.02, loss="bpr"))
    assert curve.figure.layout.yaxis.title.text == "loss (bpr)"
    assert [list(line.y) for line in curve.figure.data] == [[0.7], [0.02]]
    assert curve.figure.data[1].yaxis == "y2"


def test_the_loss_curve_begins_anew_with_another_run_and_keeps_what_a_failed_one_showed(screen):
    curve = lesson.LossCurve("Learning")
    curve(epoch(1, 4.0))
    curve(FailedEvent(1.0, "NaN", "a smaller η"))
    assert list(screen.shown[0][STILL]["data"][0]["y"]) == [2]
    curve(epoch(1, 1.0))
    assert list(curve.figure.data[0].y) == [1]
    assert len(screen.shown) == 2


def test_a_real_run_draws_as_many_points_as_epochs(screen, planted):
    from recsys_edu import data, models, training

    parts = data.split(planted, "random", seed=0)
    curve = lesson.LossCurve("Learning")
    training.fit(models.default_settings("biases"), parts.train, parts.test, on_event=curve)
    assert [len(line.x) for line in curve.figure.data] == [1, 1]


def line(k=2, kind="up"):
    y = [step * (k if kind == "up" else -k) for step in range(3)]
    return go.Figure(go.Scatter(y=y), layout={"title": f"{kind} {k}"})


def controls_of(bundle):
    import ipywidgets

    widgets = ipywidgets.widgets.widget._instances
    return widgets[bundle[WIDGET]["model_id"]].children


def test_a_slider_and_a_menu_change_the_picture_in_place(screen):
    lesson.explore(line, k=(1, 5), kind=["up", "down"])
    slider, menu, figure = controls_of(screen.shown[0])
    assert (slider.min, slider.value, slider.max, menu.value) == (1, 2, 5, "up")
    slider.value = 4
    assert list(figure.data[0].y) == [0, 4, 8]
    menu.value = "down"
    assert list(figure.data[0].y) == [0, -4, -8]
    assert figure.layout.title.text == "down 4"
    assert len(screen.shown) == 1


def test_a_page_without_a_kernel_has_the_picture_at_its_defaults(screen):
    lesson.explore(line, k=(1, 5))
    assert list(screen.shown[0][STILL]["data"][0]["y"]) == [0, 2, 4]


def test_a_slider_of_fractions_stays_one(screen):
    lesson.explore(lambda η=0.1: line(η), η=(0.0, 1.0, 0.05))
    slider = controls_of(screen.shown[0])[0]
    assert (slider.value, slider.step) == (0.1, 0.05)


def test_a_control_without_a_start_is_refused(screen):
    with pytest.raises(SettingsError, match="Give k a default"):
        lesson.explore(lambda k: line(k), k=(1, 5))


def test_a_claim_is_about_movielens_and_about_nothing_else(movielens, planted):
    about = lesson.claims(movielens)
    assert about(0.941, 0.94, within=0.002)
    assert not about(0.95, 0.94, within=0.002)
    assert not about(float("nan"), 0.94, within=0.002)
    assert lesson.claims(planted)(7, 0.94, within=0.002)


def test_without_a_network_a_chapter_goes_on_and_says_so(monkeypatch, capsys):
    load = sources.load

    def offline(name):
        if name != "planted":
            raise DataError("There is no network.")
        return load(name)

    monkeypatch.setattr(sources, "load", offline)
    assert lesson.ratings().name == "planted"
    assert "There is no network." in capsys.readouterr().out
