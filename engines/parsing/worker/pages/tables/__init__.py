"""Tables of a page. Most tables have no lines around their cells, so columns are found by the positions of their texts.

A table of numbers is recognized by its values: numbers that are aligned below each other. A table of text is recognized by
aligned cells, a ruled table by the lines drawn around its cells. Each row becomes a text in which every value follows the
name of its column.

Terms of this package, besides those of `pages`: a *value* is a number with its signs, or a sign for no number, such as a
dash. The *label* is the text at the left of a row that says what the values are. A *band* (`Band`) is the horizontal range
of a column. A *section* is a group of rows with a title, such as `Current assets`. The *header* is the lines with the names
of the columns. A *period* is a year, a quarter, a month or a date; it can be the name of a column although it is a number.
"""
