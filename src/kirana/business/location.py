"""Where a shop is: read from what people type or paste, and links that lead there. Pure.

Nothing is fetched, so a short link tells nothing.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

Reason = Literal["short-link", "short-plus-code", "no-coordinates", "out-of-range"]


@dataclass(frozen=True, slots=True)
class Point:
    """WGS 84 degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Location:
    """A point, how well it is known, and a note such as "blue gate"."""

    lat: float
    lon: float
    accuracy_m: int | None = None
    note: str = ""

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)


@dataclass(frozen=True, slots=True)
class Directions:
    """Links that open a map with the way to the shop."""

    geo: str
    google: str
    apple: str
    openstreetmap: str


class NotLocated(ValueError):
    """No coordinates in the text, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_location(text: str) -> Point:
    """`lat, lon` in most spellings, a full Plus Code, or a map link that holds coordinates.

    Raises: NotLocated.
    """
    text = text.strip()[:2000]
    for read in (_from_link, _from_plus_code, _from_degrees, _from_decimals):
        if point := read(text):
            if abs(point.lat) > 90 or abs(point.lon) > 180:
                raise NotLocated("out-of-range")
            return Point(round(point.lat, 7), round(point.lon, 7))
    raise NotLocated("no-coordinates")


def directions_to(location: Location | Point, name: str) -> Directions:
    """Source: RFC 5870 (geo); Google "Maps URLs"; Apple "Map Links"."""
    at = f"{location.lat:.7f}".rstrip("0").rstrip(".") + ","
    at += f"{location.lon:.7f}".rstrip("0").rstrip(".")
    label = quote(name.replace("(", "").replace(")", ""))
    return Directions(
        geo=f"geo:{at}?q={at}({label})",
        google=f"https://www.google.com/maps/dir/?api=1&destination={at}",
        apple=f"https://maps.apple.com/?daddr={at}&q={label}",
        openstreetmap=f"https://www.openstreetmap.org/directions?to={quote(at, safe='')}",
    )


def distance_m(one: Point, other: Point) -> float:
    """Along the ground, by the haversine formula."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.lon - one.lon) / 2
    a = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(a)))


def bearing_deg(one: Point, other: Point) -> float:
    """The direction to set out in: 0 is north, 90 is east."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    dlon = math.radians(other.lon - one.lon)
    y = math.sin(dlon) * math.cos(lat2)
    x = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(dlon)
    return math.degrees(math.atan2(y, x)) % 360


_NUMBER = r"[+-]?\d{1,3}(?:\.\d+)?"
_PAIR = re.compile(rf"\s*({_NUMBER})\s*(?:,|;|\s|%2C)\s*\+?({_NUMBER})(?!\d)", re.IGNORECASE)
_SHORT_LINKS = ("maps.app.goo.gl", "goo.gl", "g.co", "maps.apple", "bit.ly", "osm.org")


def _from_link(text: str) -> Point | None:
    link = re.search(r"(?:https?://|geo:)\S+", text, re.IGNORECASE)
    if not link:
        return None
    address = link[0]
    if address.lower().startswith("geo:"):
        return _from_geo(address)
    try:
        parts = urlsplit(address)
        host, query = parts.hostname or "", parse_qs(parts.query)
    except ValueError:
        return None
    # A pin says more than the middle of the map that happened to be shown.
    if match := re.search(rf"!3d({_NUMBER})!4d({_NUMBER})", address):
        return _point(match)
    if "mlat" in query and "mlon" in query:
        return _pair(f"{query['mlat'][0]},{query['mlon'][0]}")
    for name in ("coordinate", "destination", "daddr", "query", "q", "ll", "sll", "center", "to"):
        for value in query.get(name, ()):
            if point := _pair(value.removeprefix("loc:")):
                return point
    path = unquote(parts.path)
    if match := re.search(rf"/(?:place|search|dir/[^/]*)/({_NUMBER}),\+?\s*({_NUMBER})", path):
        return _point(match)
    if match := re.search(rf"@({_NUMBER}),({_NUMBER})", path):
        return _point(match)
    if match := re.search(rf"map=[\d.]+/({_NUMBER})/({_NUMBER})", parts.fragment):
        return _point(match)
    if any(host == short or host.endswith("." + short) for short in _SHORT_LINKS):
        raise NotLocated("short-link")
    raise NotLocated("no-coordinates")


def _from_geo(address: str) -> Point | None:
    """Android writes `geo:0,0?q=lat,lon(label)`."""
    place, _, query = address[4:].partition("?")
    for value in parse_qs(query).get("q", ()):
        if point := _pair(value):
            return point
    return _pair(place)


def _from_decimals(text: str) -> Point | None:
    if match := re.fullmatch(
        rf"([NS]?)\s*({_NUMBER})\s*°?\s*([NS]?)\s*[,;\s]\s*([EW]?)\s*({_NUMBER})\s*°?\s*([EW]?)",
        text,
        re.IGNORECASE,
    ):
        south = "S" in (match[1] + match[3]).upper()
        west = "W" in (match[4] + match[6]).upper()
        lat, lon = float(match[2]), float(match[5])
        return Point(-lat if south else lat, -lon if west else lon)
    # Decimal commas need another sign between the two.
    if match := re.fullmatch(r"([+-]?\d{1,3},\d+)\s*[;\s]\s*([+-]?\d{1,3},\d+)", text):
        return Point(float(match[1].replace(",", ".")), float(match[2].replace(",", ".")))
    return None


def _from_degrees(text: str) -> Point | None:
    """`12°58'17.8"N 77°35'40.6"E`."""
    part = (
        r"(\d{1,3})\s*°\s*(\d{1,2}(?:\.\d+)?)\s*['′’]\s*"
        r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''))?\s*([NSEW])"
    )
    found = re.findall(part, text, re.IGNORECASE)
    if len(found) != 2 or found[0][3].upper() not in "NS" or found[1][3].upper() not in "EW":
        return None
    values = []
    for degrees, minutes, seconds, side in found:
        value = int(degrees) + float(minutes) / 60 + float(seconds or 0) / 3600
        values.append(-value if side.upper() in "SW" else value)
    return Point(values[0], values[1])


_PLUS = "23456789CFGHJMPQRVWX"


def _from_plus_code(text: str) -> Point | None:
    """The middle of the area of a full code. Source: Open Location Code specification."""
    match = re.search(rf"(?<![\w+])([{_PLUS}]{{2,8}})(0*)\+([{_PLUS}]*)(?![\w+])", text.upper())
    if not match:
        return None
    head, zeros, tail = match.groups()
    if len(head + zeros) < 8:
        raise NotLocated("short-plus-code")
    if len(head) % 2 or (zeros and tail) or len(tail) == 1:
        return None
    digits = head + tail
    lat, lon, step_lat, step_lon = -90.0, -180.0, 400.0, 400.0
    for position in range(0, min(len(digits), 10), 2):
        step_lat, step_lon = step_lat / 20, step_lon / 20
        lat += _PLUS.index(digits[position]) * step_lat
        lon += _PLUS.index(digits[position + 1]) * step_lon
    for digit in digits[10:15]:
        step_lat, step_lon = step_lat / 5, step_lon / 4
        row, column = divmod(_PLUS.index(digit), 4)
        lat, lon = lat + row * step_lat, lon + column * step_lon
    return Point(lat + step_lat / 2, lon + step_lon / 2)


def _pair(text: str) -> Point | None:
    match = _PAIR.match(text)
    return _point(match) if match else None


def _point(match: re.Match[str]) -> Point:
    return Point(float(match[1]), float(match[2]))
