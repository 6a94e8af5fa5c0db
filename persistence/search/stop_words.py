"""English words that are too frequent to search for. They are left out of queries; the index contains them."""

STOP_WORDS = frozenset(
    """
    a about after again against all also am an and any are aren as at be because been before being between both but by
    can cannot could couldn did didn do does doesn doing don down during each few for from further had hadn has hasn
    have haven having he her here hers him his how i if in into is isn it its itself just let ll me more most my no nor
    not now of off on once only or other our ours out over own please re same shall she should shouldn so some such tell
    than that the their theirs them then there these they this those through to too under until up us ve very was wasn
    we were weren what when where which while who whom whose why will with won would wouldn you your yours
    """.split()  # noqa: SIM905  # a list of it would be a line a word
)
