"""RecBole: GRU4Rec and SASRec. Each place of a user's history is predicted from the items before it."""

import contextlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from exchange import SEED, Prepared, Task
from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.interaction import Interaction
from recbole.data.utils import get_dataloader
from recbole.utils import get_model, get_trainer, init_seed

FOLDER = "recbole_data"  # in the worker's own, temporary folder


def gru4rec(task: Task, **settings) -> Prepared:
    return _prepared(task, "GRU4Rec", settings)


def sasrec(task: Task, **settings) -> Prepared:
    return _prepared(task, "SASRec", settings)


def _prepared(task: Task, name: str, settings: dict) -> Prepared:
    _write(task)
    config = _config(name, settings)
    init_seed(SEED, True)
    dataset = create_dataset(config)
    train = dataset.build()[0]
    loader = get_dataloader(config, "train")(config, train, None, shuffle=True)
    model = get_model(name)(config, train).to(config["device"])
    trainer = get_trainer(config["MODEL_TYPE"], name)(config, model)
    return Prepared(
        lambda: trainer.fit(loader, verbose=False, saved=False, show_progress=False),
        lambda: _scores(task, model, dataset, settings["MAX_ITEM_LIST_LENGTH"]),
    )


def _write(task: Task) -> None:
    """RecBole reads files: one row a rating, tab-separated."""
    folder = Path(FOLDER, "train")
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"user_id:token": task.user, "item_id:token": task.item, "timestamp:float": task.time}
    pd.DataFrame(columns).to_csv(folder / "train.inter", sep="\t", index=False)


def _config(name: str, settings: dict) -> Config:
    fixed = {
        "data_path": FOLDER,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "seed": SEED,
        "use_gpu": False,
        "train_neg_sample_args": None,  # softmax over all items
        "eval_args": {"split": {"RS": [1, 0, 0]}, "group_by": "user", "order": "TO", "mode": "full"},
        "state": "ERROR",
    }
    arguments, sys.argv = sys.argv, sys.argv[:1]  # RecBole reads the command line as settings
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return Config(model=name, dataset="train", config_dict=fixed | settings)
    finally:
        sys.argv = arguments


@torch.no_grad()
def _scores(task: Task, model, dataset, length: int) -> np.ndarray:
    """The score of every item after each user's whole history, the last `length` items of it."""
    tokens = dataset.field2token_id["item_id"]
    row = np.array([tokens.get(str(i), -1) for i in range(task.num_items)])  # item_index -> RecBole's row, -1 unknown
    order = np.lexsort((task.time, task.user))
    histories = np.split(row[task.item[order]], np.cumsum(np.bincount(task.user, minlength=task.num_users))[:-1])
    windows = np.zeros((task.num_users, length), "int64")  # left-aligned, 0 is padding
    for user, history in enumerate(histories):
        windows[user, : len(history[-length:])] = history[-length:]
    sizes = np.maximum((windows > 0).sum(axis=1), 1)
    model.eval()
    asked = Interaction({"item_id_list": torch.tensor(windows), "item_length": torch.tensor(sizes)})
    found = model.full_sort_predict(asked).numpy()  # (num_users, RecBole's rows)
    return np.where(row >= 0, found[:, row], np.nan)  # (num_users, num_items)
