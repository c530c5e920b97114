r"""Chapter 9: hyperparameter search. What a model does not learn itself, as d, η and λ, is tried out, by Optuna.

A trial is a fit with other settings, judged after each epoch on a validation part (`data.validation_split`); the test
is not looked at. Its value is that of its best epoch. Which settings to try next says TPE: it models where the good
trials lie, l(x), and where the others do, g(x), and takes the x with the largest l(x) / g(x) of some that it draws
(Bergstra, Bardenet, Bengio, Kégl 2011, section 4). A trial whose best epoch is worse than the median of the finished
trials at the same epoch is pruned (the median stopping rule of Golovin et al. 2017, section 3.2).

Trials come in generations that learn side by side. What a generation tries, and what it prunes, follows from the seed
and the generations before it alone, never from who is ready first: the same seed gives the same study, however fast the
workers are and wherever it was halted.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recsys_edu.errors import SettingsError
from recsys_edu.events import EpochEvent, FailedEvent
from recsys_edu.models import MODELS, Settings, card_of, default_settings

TRIALS, MOST_TRIALS = 20, 200
AT_ONCE = 2  # trials of a generation: one for each worker of a usual machine
FACTORS = {"embedding_dim": 4, "learning_rate": 10, "l2": 10}  # how far from its usual value a number is tried
LETTERS = {"embedding_dim": "d", "learning_rate": "η", "l2": "λ"}
LONGER = 2  # a trial learns at most so many times the model's usual epochs: small steps need more of them
PATIENCE = 4  # epochs in a row without a better one end a trial
WARM_TRIALS, WARM_EPOCHS = 4, 3  # finished trials, and epochs of a trial, before anything is pruned
DIGITS = 3  # of a tried value, so that a command line can repeat it


@dataclass(frozen=True)
class Range:
    """Tried from `low` to `high`, all orders of magnitude alike; whole numbers where both are."""

    low: float
    high: float

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int)


@dataclass(frozen=True)
class Goal:
    """What a trial's value is. `better`: 1 where large values are, -1 where small ones are; `figure`: the name of the
    same figure on the test, and `per_user` that of its values user by user (`evaluation`)."""

    name: str
    better: int
    figure: str
    per_user: str

    def of(self, event: EpochEvent) -> float:
        return math.sqrt(event.validation_mse) if self.better < 0 else event.validation_ndcg

    def best(self, values: Sequence[float]) -> float:
        return max(values) if self.better > 0 else min(values)


RATINGS_GOAL = Goal("RMSE", -1, "test_rmse", "squared_error")
LISTS_GOAL = Goal("NDCG@10", 1, "ndcg@10", "ndcg")


def goal_of(model: str) -> Goal:
    """RMSE for a model that predicts stars, NDCG@10 for one that only ranks."""
    return RATINGS_GOAL if card_of(model).predicts_ratings else LISTS_GOAL


def searchable() -> list[str]:
    """The models with numbers that a search can set."""
    return [name for name, card in MODELS.items() if FACTORS.keys() & set(card.knobs)]


def space(model: str) -> dict[str, Range]:
    """Field of `Settings` -> where it is searched: around what suits the model. Raises SettingsError for a model
    without such a field."""
    knobs = [name for name in FACTORS if name in card_of(model).knobs]
    if not knobs:
        raise SettingsError(
            f"The model {model!r} has no number that a search could set. Choose one of: {', '.join(searchable())}."
        )
    usual = default_settings(model)
    return {name: _around(getattr(usual, name), FACTORS[name]) for name in knobs}


def _around(usual: float, factor: int) -> Range:
    if isinstance(usual, int):
        return Range(max(1, usual // factor), usual * factor)
    return Range(rounded(usual / factor), rounded(usual * factor))


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


@dataclass(eq=False)
class Trial:
    """`settings.epochs` is the most that it may learn; `values`: the goal after each epoch. `state` is running,
    complete, pruned or failed; `reason` says why it failed. `seconds`: of training."""

    number: int
    settings: Settings
    values: list[float] = field(default_factory=list)
    state: str = "running"
    reason: str = ""
    seconds: float = 0.0

    @property
    def goal(self) -> Goal:
        return goal_of(self.settings.model)

    @property
    def value(self) -> float | None:
        """That of the best epoch."""
        return self.goal.best(self.values) if self.values else None

    @property
    def chosen(self) -> Settings:
        """Its settings, with the number of epochs that served best."""
        return replace(self.settings, epochs=self.values.index(self.value) + 1)


def best(trials: Sequence[Trial]) -> Trial | None:
    """The best complete trial, the earliest of equal ones; None: there is none."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return min(complete, key=lambda trial: (-trial.goal.better * trial.value, trial.number), default=None)


class Generation:
    """The trials that come after those of `told`, which have ended. `base` are the model's usual settings, which the
    first trial of all tries. Optuna is imported here. Raises SettingsError if there is nothing to search."""

    def __init__(self, base: Settings, told: Sequence[Trial]):
        self._space = space(base.model)
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.base, self.first = base, len(told)
        self._study = optuna.create_study(
            direction="maximize" if goal_of(base.model).better > 0 else "minimize",
            sampler=optuna.samplers.TPESampler(seed=_seed(base.seed, len(told)), constant_liar=True),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=WARM_TRIALS, n_warmup_steps=WARM_EPOCHS),
        )
        self._study.add_trials([self._as_optuna(trial) for trial in told])

    def ask(self, count: int) -> list[Trial]:
        """The next `count` trials."""
        if not self.first:
            self._study.enqueue_trial({name: getattr(self.base, name) for name in self._space})
        asked = [self._study.ask(self._distributions()).params for _ in range(count)]
        epochs = self.base.epochs * LONGER if self.base.card.by_gradient else 1
        return [
            Trial(self.first + k, replace(self.base, epochs=epochs, **{n: _kept(v) for n, v in params.items()}))
            for k, params in enumerate(asked)
        ]

    def accept(self, trial: Trial, epochs: Sequence[EpochEvent], failure: FailedEvent | None) -> None:
        """Take in what a slice of the trial told, and end the trial if that is enough."""
        for event in epochs:
            trial.values.append(trial.goal.of(event))
            trial.seconds = event.seconds
        if failure is not None:
            trial.state, trial.reason = "failed", f"{failure.reason} {failure.advice}"
        elif epochs and (len(trial.values) >= trial.settings.epochs or _stands_still(trial)):
            trial.state = "complete"
        elif epochs and self._study.pruner.prune(self._study, self._as_optuna(trial)):
            trial.state = "pruned"

    def _as_optuna(self, trial: Trial):
        from optuna.trial import TrialState, create_trial

        states = {"running": TrialState.RUNNING, "complete": TrialState.COMPLETE}
        return create_trial(
            state=states.get(trial.state, TrialState.PRUNED),  # a failed one is none to try again near by
            value=trial.value if trial.state == "complete" else None,
            params={name: getattr(trial.settings, name) for name in self._space},
            distributions=self._distributions(),
            intermediate_values=dict(enumerate(trial.values, start=1)),
        )

    def _distributions(self) -> dict:
        from optuna.distributions import FloatDistribution, IntDistribution

        return {
            name: (IntDistribution if r.whole else FloatDistribution)(r.low, r.high, log=True)
            for name, r in self._space.items()
        }


def command(settings: Settings, data: str, how: str) -> str:
    """The command line that learns with these settings again, and judges them on the test."""
    usual = default_settings(settings.model)
    names = [*FACTORS, "batch_size", "epochs"]
    changed = {n: getattr(settings, n) for n in names if getattr(settings, n) != getattr(usual, n)}
    words = {"data": data, "model": settings.model, "split": how, "seed": settings.seed} | changed
    told = [word for name, value in words.items() for word in (f"--{name.replace('_', '-')}", _told(value))]
    return shlex.join(["python", "-m", "recsys_edu", "train", *told])


def _told(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kept(value: float) -> float:
    return value if isinstance(value, int) else rounded(value)


def _seed(seed: int, ended: int) -> int:
    """Of a generation's own draws."""
    return int(np.random.SeedSequence([seed, ended]).generate_state(1)[0])


def _stands_still(trial: Trial) -> bool:
    return len(trial.values) - trial.chosen.epochs >= PATIENCE
