"""What the cells of every chapter share: the data with a way on without a network, one style, pictures that move.

lesson.start()                      the house style of pictures and numbers; TensorFlow kept quiet
ratings = lesson.ratings()          MovieLens-100K, or the bundled set where there is no network
about = lesson.claims(ratings)      assert about(value, figure, within=…): the text's figure is the cell's
lesson.LossCurve("title")           a picture that grows while a model learns
lesson.explore(draw, k=(1, 50))     a picture with sliders and menus
"""

from recsys_edu.lesson.pictures import COLOURS, LossCurve, explore
from recsys_edu.lesson.setting import claims, ratings, start

__all__ = ["COLOURS", "LossCurve", "claims", "explore", "ratings", "start"]
