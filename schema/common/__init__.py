"""Building blocks that all features share: global ids, connections, errors, scalars, and the conversion of records."""
