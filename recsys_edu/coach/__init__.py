"""Exercises, quizzes and predictions of the chapters: check, hint, solution, quiz, predict, reveal, progress.

They run in the notebook's own kernel, without an extension. An exercise is checked by its properties (a shape, what is
masked, that no row depends on another), not by a literal, and what is said of a wrong answer is about the thought
behind it. What was reached is kept in a local file, `.recsys_edu/progress.json`.
"""

from recsys_edu.coach.desk import check, hint, predict, progress, quiz, reveal, solution

__all__ = ["check", "hint", "predict", "progress", "quiz", "reveal", "solution"]
