"""The page as one file with everything inside, which asks nobody for anything and opens without a server."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

from .content import FUNCTIONS

# what the built page names, all of which moves inside; the scripts behind the body, where `defer` would run them
_LINKS = re.compile(r"\s*<(?:link|script)\b[^>]*>(?:</script>)?")


def page(content: Mapping[str, str]) -> str:
    """The built page as one HTML file; only its own scripts and style are allowed to run, and nothing to be fetched.

    content: the files of the built page. The worker and the data stand in it as text.
    """
    script, functions = _inside(content["explorer.js"]), _inside(content[FUNCTIONS])
    style = content["explorer.css"]
    policy = (
        f"default-src 'none'; script-src {_hash(functions)} {_hash(script)}; style-src {_hash(style)}; "
        "img-src data: blob:; worker-src blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    frame = _LINKS.sub("", content["index.html"])
    head, rest = frame.split("</head>", 1)
    body, end = rest.rsplit("</body>", 1)
    data = {name.removesuffix(".json"): text for name, text in content.items() if name.endswith(".json")}
    worker = _inside(content["worker.js"])
    charset, before, after = head.partition('<meta charset="utf-8">')
    return "".join(
        (
            f'{charset}{before}\n<meta http-equiv="Content-Security-Policy" content="{policy}">{after}',
            f"<style>{style}</style>\n</head>{body}",
            *(
                f'<script type="application/json" id="{name}-data">{_plain(text)}</script>\n'
                for name, text in data.items()
            ),
            f'<script type="text/plain" id="worker">{worker}</script>\n',
            f'<script id="functions">{functions}</script>\n<script>{script}</script>\n</body>{end}',
        )
    )


def _plain(data: str) -> str:
    """JSON that cannot end the element it stands in."""
    return data.replace("<", "\\u003c")


def _inside(script: str) -> str:
    """A script that cannot end the element it stands in: inside a string, a backslash before / or ! changes nothing."""
    return re.sub(r"<(/script|!--)", lambda found: f"<\\{found[1]}", script, flags=re.IGNORECASE)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"
