"""Putting SVG files into a page: unique identifiers, no styles that leak, colours that follow the theme."""

import re
import xml.etree.ElementTree as ET

from markupsafe import Markup

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
DROPPED = {"metadata", "style", "script", "foreignObject", "title"}
# A heatmap writes its numbers in black and white on its own colours, so it keeps its white paper.
PAPER = re.compile(r"QuadMesh")
# Black and the greys, as matplotlib writes them.
GREY = re.compile(r"#([0-9a-e][0-9a-f])\1\1\b|\bblack\b")


def inline_svg(text, prefix, label):
    """Prepare the text of an SVG file to stand inside an HTML page.

    Identifiers and the references to them get `prefix`, so that several figures can stand on one page;
    global styles, scripts, event handlers and metadata go; the figure scales down with the page. Line art
    loses its white paper and takes the page's text colour for black, so that it reads on a dark page too;
    heatmaps and images keep their paper.

    Parameters
    ----------
    text : str
        An SVG document.
    prefix : str
        Put before each identifier; letters, digits and dashes.
    label : str
        What a screen reader says.

    Returns
    -------
    markupsafe.Markup
    """
    root = ET.fromstring(text)
    paper = any(_is_heatmap(element) for element in root.iter())
    _remove(root)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in [key for key in element.attrib if key.lower().startswith("on")]:
            del element.attrib[key]
        if XLINK in element.attrib:
            element.set("href", element.attrib.pop(XLINK))
        if "d" in element.attrib:
            element.set("d", " ".join(element.get("d").split()))
        _rename(element, prefix)
        if not paper:
            _follow_theme(element)
    if not paper:
        _remove_paper(root)
    width = root.attrib.pop("width", "")
    root.attrib.pop("height", None)
    root.attrib.pop("version", None)
    root.set("class", "paper" if paper else "line-art")
    root.set("style", f"width: {width}" if re.fullmatch(r"[\d.]+(pt|px)?", width) else "")
    root.set("role", "img")
    root.set("aria-label", label)
    return Markup(re.sub(r">\s+<", "><", ET.tostring(root, encoding="unicode")))


def _is_heatmap(element):
    return element.tag == f"{{{SVG}}}image" or PAPER.match(element.get("id", "")) is not None


def _remove(element):
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in DROPPED:
            element.remove(child)
        else:
            _remove(child)


def _rename(element, prefix):
    for key, value in element.attrib.items():
        if key == "id":
            element.set(key, f"{prefix}-{value}")
        elif key == "href":
            # Only references inside the figure, and images that stand in it, survive.
            kept = value if value.startswith("data:image/") else ""
            element.set(key, f"#{prefix}-{value[1:]}" if value.startswith("#") else kept)
        elif "url(" in value:
            element.set(key, re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", value))


def _follow_theme(element):
    for key in ("style", "fill", "stroke"):
        if key in element.attrib:
            element.set(key, GREY.sub(_share_of_text, element.get(key)))


def _share_of_text(match):
    """Write a grey as a share of the page's text colour, so that greys keep their order on dark."""
    share = round(100 * (1 - int(match[1] or "0", 16) / 255))
    return "currentColor" if share == 100 else f"color-mix(in srgb, currentColor {share}%, transparent)"


def _remove_paper(root):
    """Remove the white backgrounds of matplotlib's figure and axes, its patches patch_1, patch_2 ..."""
    for parent in list(root.iter("g")):
        if re.search(r"-(figure|axes)_\d+$", parent.get("id", "")):
            for child in list(parent):
                style = " ".join(inner.get("style", "") for inner in child.iter("path"))
                if re.search(r"-patch_\d+$", child.get("id", "")) and "fill: #ffffff" in style:
                    parent.remove(child)
