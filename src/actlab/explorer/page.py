"""The page: one file with everything inside, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

from ..report.words import LANGUAGES, texts

# what the page says: these groups of our texts
_GROUPS = ("explore.", "family.", "kind.", "show.", "picture.value", "picture.slope", "picture.x")


def page(data: Any, lang: str) -> str:
    """The explorer as one HTML file, opening in this language; only its own script and style are allowed to run."""
    folder = files("actlab.explorer") / "static"
    script, style, frame = (
        folder.joinpath(f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("js", "css", "html")
    )
    words = {each: {key: text for key, text in texts(each).items() if key.startswith(_GROUPS)} for each in LANGUAGES}
    parts = {
        "LANG": "zh-CN" if lang == "zh" else "en",
        "TITLE": texts(lang)["explore.title"],
        "POLICY": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        "STYLE": style,
        "DATA": _json({"lang": lang, "words": words, **data}),
        "SCRIPT": script,
    }
    for name, text in parts.items():
        frame = frame.replace(f"<!--{name}-->", text, 1)
    return frame


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _json(value: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
