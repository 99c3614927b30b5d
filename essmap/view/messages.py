"""What the map tells the page and what a link tells the map, as short texts: read here, and never trusted."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from essmap.view.map import MAX_ZOOM, MIN_ZOOM

#: Address-bar parameter of a shared view: ``vue=43.6045,1.444,12``.
VIEW_PARAMETER: Final = "vue"
_NUMBER: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,6})?")


def read_view(text: str, home: list[list[float]]) -> tuple[float, float, float] | None:
    """Return the view that a shared link asks for.

    Parameters
    ----------
    text : str
        Latitude, longitude (degrees) and zoom, parted by commas, as « Copier le lien » writes them.
    home : list
        [[south, west], [north, east]] of the department, in degrees.

    Returns
    -------
    tuple or None
        Latitude, longitude, zoom. None if it is no such text, or looks farther from the department than the
        department is large: such a view would show nothing.

    Examples
    --------
    >>> read_view("43.6045,1.444,12", [[42.7, 0.4], [43.9, 2.1]])
    (43.6045, 1.444, 12.0)
    >>> read_view("48.85,2.35,12", [[42.7, 0.4], [43.9, 2.1]]) is None
    True
    """
    parts = text.split(",")
    if len(parts) != 3 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    lat, lon, zoom = map(float, parts)
    (south, west), (north, east) = home
    is_near = south - (north - south) <= lat <= north + (north - south)
    is_near = is_near and west - (east - west) <= lon <= east + (east - west)
    return (lat, lon, zoom) if is_near and MIN_ZOOM <= zoom <= MAX_ZOOM else None


def read_territory(text: str, known: Container[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the territory that a click on the map chose.

    Parameters
    ----------
    text : str
        ``territory:<kind>:<code>:<counter>``; the counter makes a second click on the same one count.
    known : container of (kind, code)
        Territories there are; kinds are those of `essmap.view.filters.Where`.

    Returns
    -------
    tuple or None
        (kind, code), or None if it is no such text or names none of the known ones.
    """
    word, *rest = text.split(":")
    if word != "territory" or len(rest) != 3:
        return None
    place = (rest[0], rest[1])
    return place if place in known else None


def read_actor(text: str, payload: str, n: int) -> int | None:
    """Return the row of the actor that a click on the map chose.

    Parameters
    ----------
    text : str
        ``<digest of the payload>:<row>:<counter>``.
    payload : str
        Path of the payload on this page: a frame may still show an older one, and a row counts in its own only.
    n : int
        Rows of the payload.

    Returns
    -------
    int or None
    """
    digest, _, rest = text.partition(":")
    number = rest.partition(":")[0]
    if digest != payload.split("/")[1] or not re.fullmatch("[0-9]{1,9}", number):
        return None
    return int(number) if int(number) < n else None
