"""`actlab.functional`, so that `import actlab.functional as F` works: the functions live in `actlab.nn.functional`."""

import sys

from .nn import functional

sys.modules[__name__] = functional
