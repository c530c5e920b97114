"""A class on one server: who is in it, what the teacher leads, votes, and the Class Challenge, in one SQLite file.

Never imports streamlit, Dask or TensorFlow.
"""
