"""What a formula becomes at infinity, when its terms alone would say `0 * inf` or `inf / inf`.

Where IEEE arithmetic gives NaN at an infinite input, the value is taken at `FAR` instead: there every
exponential has died out and every power has won, so what is left has reached its limit, is on its way to
infinity, or is on its way to 0. Both numeric targets follow these three numbers.
"""

FAR = 1e60  # x^5 still fits float64
GROWN = 1e20  # beyond this the limit is infinite
SHRUNK = 1e-20  # below this the limit is 0
