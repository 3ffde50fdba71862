"""What a formula becomes at infinity, when its terms alone would say `0 * inf` or `inf / inf`.

Where IEEE arithmetic gives NaN at an infinite input, the value is taken far out instead: there every exponential has
died out and every power has won, so what is left has reached its limit, is on its way to infinity, or is on its way
to 0. Three places in geometric steps tell these from an oscillation, which has no limit: a power grows by the same
factor twice, a sine does not. Both numeric targets follow these numbers.
"""

FAR = 1e60  # x^5 still fits float64
STEP = 1.37  # from one place to the next; no simple multiple of pi
GROWN = 1e20  # beyond this the limit is infinite
SHRUNK = 1e-20  # below this the limit is 0
STEADY = 0.05  # how far the two factors of growth may differ: a logarithm moves them by 1e-5
