"""Tables of a page. Most tables have no lines around their cells, so columns are found by the positions of their texts.

A table is recognized by its values: numbers that are aligned below each other. Its rows become texts in which every value
follows the name of its column.
"""
