"""Two static weights out of the variable Inter font.

WeasyPrint embeds a variable font by cutting it in Python, for every document anew (a third of a
second). The HarfBuzz library that WeasyPrint uses anyway does it in 15 ms, once per process.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from ctypes import byref, c_char_p, c_float, c_int, c_uint, c_void_p
from typing import Any

WEIGHTS = (400, 600)
CHARACTERS, FEATURES = 1, 6  # of hb_subset_sets_t
FIGURES = b"tnum"  # beside the features that are always on: kerning, marks, ligatures, ...


def static_weights(path: str) -> dict[int, bytes]:
    """Weight -> font file. Empty where HarfBuzz is missing or older than 6.0."""
    try:
        harfbuzz, subset = _library("harfbuzz"), _library("harfbuzz-subset")
        _declare(harfbuzz, subset)
    except (OSError, AttributeError):
        return {}
    blob = harfbuzz.hb_blob_create_from_file(path.encode())
    face = harfbuzz.hb_face_create(blob, 0)
    fonts = {weight: _pinned(harfbuzz, subset, face, weight) for weight in WEIGHTS}
    return fonts if all(fonts.values()) else {}


def _library(name: str) -> Any:
    for file in (f"lib{name}.so.0", f"lib{name}.0.dylib"):
        try:
            return ctypes.CDLL(file)
        except OSError:
            continue
    found = ctypes.util.find_library(name)
    if not found:
        raise OSError(f"no {name}")
    return ctypes.CDLL(found)


def _declare(harfbuzz: Any, subset: Any) -> None:
    """Pointers are wider than ctypes' default of an int."""
    pointer, tag = c_void_p, c_uint
    for library, name, result, arguments in (
        (harfbuzz, "hb_blob_create_from_file", pointer, [c_char_p]),
        (harfbuzz, "hb_face_create", pointer, [pointer, c_uint]),
        (harfbuzz, "hb_face_reference_blob", pointer, [pointer]),
        (harfbuzz, "hb_blob_get_data", pointer, [pointer, pointer]),
        (harfbuzz, "hb_set_invert", None, [pointer]),
        (harfbuzz, "hb_set_add", None, [pointer, tag]),
        (subset, "hb_subset_input_create_or_fail", pointer, []),
        (subset, "hb_subset_input_set", pointer, [pointer, c_int]),
        (subset, "hb_subset_input_pin_axis_location", c_int, [pointer, pointer, tag, c_float]),
        (subset, "hb_subset_or_fail", pointer, [pointer, pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _pinned(harfbuzz: Any, subset: Any, face: int, weight: int) -> bytes:
    """The font at one weight and text size, with all its characters; without the alternates that
    nothing here asks for, because each document cuts its own subset out of what is left.
    """
    wanted = subset.hb_subset_input_create_or_fail()
    harfbuzz.hb_set_invert(subset.hb_subset_input_set(wanted, CHARACTERS))  # it begins empty
    features = subset.hb_subset_input_set(wanted, FEATURES)  # it begins with what is always on
    harfbuzz.hb_set_add(features, int.from_bytes(FIGURES, "big"))
    for axis, place in ((b"opsz", 14), (b"wght", weight)):
        tag = int.from_bytes(axis, "big")
        if not subset.hb_subset_input_pin_axis_location(wanted, face, tag, place):
            return b""
    static = subset.hb_subset_or_fail(face, wanted)
    if not static:
        return b""
    size = c_uint()
    data = harfbuzz.hb_blob_get_data(harfbuzz.hb_face_reference_blob(static), byref(size))
    return ctypes.string_at(data, size.value)
