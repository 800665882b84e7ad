"""x"""
GOALS = {}
def measure(*a): return {}
