"""Ratings made by hand, of (user_index, item_index, rating, timestamp)."""

import numpy as np
import pandas as pd

from recsys_edu.data import Ratings


def log(rows, num_users, num_items, timestamps=True):
    user, item, rating, time = np.array(rows, "float64").reshape(-1, 4).T
    return Ratings(
        user_index=user.astype("int32"),
        item_index=item.astype("int32"),
        rating=rating.astype("float32"),
        timestamp=time.astype("int64") if timestamps else None,
        users=pd.DataFrame({"user_id": np.arange(num_users)}),
        items=pd.DataFrame(
            {
                "item_id": np.arange(num_items),
                "title": [f"film {k}" for k in range(num_items)],
                "year": pd.array([2000] * num_items, dtype="Int64"),
                "genres": "",
            }
        ),
        name="small",
        scale=(1.0, 5.0),
    )
