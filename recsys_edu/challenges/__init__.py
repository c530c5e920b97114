"""Chapter 8: what makes a recommender hard in earnest, one small lab a challenge, each with a number before and after.

Cold start, sparsity, time, privacy, fairness, explanation: functions that give DataFrames and dataclasses. They draw
nothing, so that a notebook and the studio can use the same ones.
"""
