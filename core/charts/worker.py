"""The process that draws: a line of JSON in, a line of JSON out, until its input ends.

Run by its path, with neither our environment nor our modules: it knows one library and draws what it is given.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import vl_convert

VERSION = "6.4"  # of Vega-Lite, as carried by vl-convert-python 1.9


def draw(order: dict[str, Any]) -> dict[str, str]:
    """`picture` in base64, or the renderer's `error`. Data is never fetched: no address is allowed."""
    spec, is_png = order["spec"], order["format"] == "png"
    try:
        if is_png:
            picture = vl_convert.vegalite_to_png(spec, vl_version=VERSION, scale=order["scale"], allowed_base_urls=[])
        else:
            picture = vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[]).encode()
    except ValueError as exc:
        return {"error": str(exc)}
    return {"picture": base64.b64encode(picture).decode()}


def main() -> None:
    """Answers line by line."""
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(draw(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
