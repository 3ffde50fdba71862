"""How it is shown: the catalogue as one page that works offline, and the small server that opens it."""

from .catalog import catalog
from .page import page
from .server import serve

__all__ = ["catalog", "page", "serve"]
