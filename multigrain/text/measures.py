"""Numbers, sizes and units: '500 ml', '500ML' and '500毫升' are one word, 500ml. Only joins; never converts."""

import re

from multigrain.text.scripts import LETTER

UNITS = {
    "ml": "ml", "毫升": "ml", "cl": "cl", "l": "l", "liter": "l", "liters": "l", "litre": "l", "litres": "l",
    "gal": "gal", "gallon": "gal", "gallons": "gal", "qt": "qt", "quart": "qt", "quarts": "qt",
    "mg": "mg", "毫克": "mg", "g": "g", "gram": "g", "grams": "g", "kg": "kg", "公斤": "kg", "千克": "kg",
    "oz": "oz", "ounce": "oz", "ounces": "oz", "lb": "lb", "lbs": "lb", "pound": "lb", "pounds": "lb",
    "mm": "mm", "毫米": "mm", "cm": "cm", "厘米": "cm", "公分": "cm", "m": "m", "meter": "m", "meters": "m",
    "in": "in", "inch": "in", "inches": "in", '"': "in", "”": "in", "''": "in", "′′": "in", "英寸": "in",
    "ft": "ft", "foot": "ft", "feet": "ft", "yd": "yd", "yard": "yd", "yards": "yd",
    "ga": "gauge", "gauge": "gauge",
    "kb": "kb", "mb": "mb", "gb": "gb", "tb": "tb", "mp": "mp", "hz": "hz", "khz": "khz", "mhz": "mhz", "ghz": "ghz",
    "w": "w", "watt": "w", "watts": "w", "kw": "kw", "v": "v", "volt": "v", "volts": "v",
    "amp": "amp", "amps": "amp", "ah": "ah", "mah": "mah", "毫安": "mah", "btu": "btu", "hp": "hp", "psi": "psi",
    "rpm": "rpm", "cfm": "cfm", "lumen": "lumen", "lumens": "lumen",
    "pack": "pack", "packs": "pack", "pk": "pack", "piece": "piece", "pieces": "piece", "pcs": "piece", "pc": "piece",
    "ct": "ct", "count": "ct",
    "year": "year", "years": "year", "month": "month", "months": "month", "hour": "hour", "hours": "hour",
}  # fmt: skip
"""As written -> as we write it. One Han character (升, 米, 克) is no unit here: '2升级版' is no two litres."""

# 3/4, 5/8, 23/32; but 128/256 are two numbers.
_FRACTION = r"\d{1,2}/(?:2|3|4|5|6|8|16|32|64)(?![\d/])"
# Possessive (++), or a number that is followed by the wrong thing would be tried again in shorter pieces.
_DECIMAL = r"\d++(?:\.\d++)*+"
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})++(?![\d,])|(?:\d{{1,3}}[ -])?{_FRACTION}|(?<!\w)\.\d++|{_DECIMAL})"
_SEVERAL = rf"{_NUMBER}(?: ?[x×*] ?{_NUMBER})*"
_ENDS = rf"(?!-?{LETTER})"

_LETTERS = "|".join(sorted((unit for unit in UNITS if unit.isascii() and unit.isalpha()), key=len, reverse=True))
_SIGNS = "|".join(re.escape(unit) for unit in UNITS if not (unit.isascii() and unit.isalpha()))
# '2 in 1' is no two inches.
_UNIT = rf"(?:(?!in[ -]?\d)(?:{_LETTERS})(?![a-z0-9])|{_SIGNS})"

MEASURE = rf"\d++,\d{{1,2}}[ -]?{_UNIT}|{_SEVERAL}(?:[ -]?{_UNIT}|{_ENDS})|\d++(?:\.\d++)++"
"""A number, or several with x between them, and the unit where there is one. A comma is a decimal one only before a
unit ('1,5 l'), parts thousands in groups of three ('10,000 mah'), and ends the number elsewhere ('sizes 1,2,3')."""

# No unit holds a digit: all up to the last one are numbers.
_PARTS = re.compile(r"(.*\d)[ -]?(.*)")
_TIMES = re.compile(" ?[x×*] ?")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")


def measure(text: str) -> str:
    """The one way to write what MEASURE matched: '1 1/2 inch' -> '1-1/2in', '30 x 40 cm' -> '30x40cm'."""
    if text.isdigit():
        return text
    parts = _PARTS.fullmatch(text)
    assert parts is not None  # MEASURE holds a digit
    numbers, unit = parts.groups()
    if _DECIMAL_COMMA.fullmatch(numbers):
        numbers = numbers.replace(",", ".")
    written = "x".join(map(_number, _TIMES.split(numbers)))
    return written + UNITS.get(unit, "")


def _number(number: str) -> str:
    if number.startswith("."):
        return f"0{number}"
    return number.replace(",", "").replace(" ", "-")
