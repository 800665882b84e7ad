"""row - one figure of the bench: its rounds, and what it is held against"""

import operator
import statistics

COMPARE = {"<=": operator.le, ">=": operator.ge}


class Row:
    def __init__(self, name, values, unit, peer=None, goal=None):
        """goal is ("<=", 0.45), or None: it is only reported."""
        self.name, self.values, self.unit = name, values, unit
        self.peer, self.goal = peer, goal

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def min(self):
        return min(self.values)

    @property
    def max(self):
        return max(self.values)

    @property
    def goal_text(self):
        return "%s %g" % self.goal if self.goal else "reported"

    @property
    def met(self):
        if self.goal is None:
            return None
        sign, bound = self.goal
        return COMPARE[sign](self.median, bound)

    def json(self):
        return {"name": self.name, "unit": self.unit,
                "median": self.median, "min": self.min, "max": self.max,
                "runs": len(self.values), "peer": self.peer,
                "goal": self.goal and self.goal_text, "met": self.met}
