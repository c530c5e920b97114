"""recsys_edu: deep learning in recommender systems, taken apart.

Importing the package imports nothing heavy: TensorFlow, UMAP and pandas are loaded by the rooms that need
them.
"""

__version__ = "0.1.0"
