import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirana.business import Location, Point, directions_to, distance_m, draw_sketch, parse_location
from kirana.business.location import NotLocated, bearing_deg

MYSORE = Point(12.3051828, 76.6553609)


@pytest.mark.parametrize(
    "text",
    [
        "12.3051828, 76.6553609",
        "12.3051828 76.6553609",
        " 12.3051828,76.6553609 ",
        "12,3051828; 76,6553609",
        "12.3051828N, 76.6553609E",
        "12.3051828° N, 76.6553609° E",
        "N 12.3051828 E 76.6553609",
        "geo:12.3051828,76.6553609",
        "geo:12.3051828,76.6553609?z=17",
        "geo:0,0?q=12.3051828,76.6553609(Asha)",
        "https://www.google.com/maps/place/Asha/@12.1,76.1,17z/data=!3m1!4b1!4m5!3m4!1s0x0:0x0!8m2"
        "!3d12.3051828!4d76.6553609",
        "https://www.google.com/maps/@12.3051828,76.6553609,15z",
        "https://www.google.com/maps?q=12.3051828,76.6553609",
        "https://maps.google.com/?q=loc:12.3051828+76.6553609",
        "https://www.google.com/maps/search/?api=1&query=12.3051828%2C76.6553609",
        "https://www.google.com/maps/search/12.3051828,+76.6553609",
        "https://www.google.com/maps/dir/?api=1&destination=12.3051828,76.6553609",
        "https://maps.apple.com/?ll=12.3051828,76.6553609&q=Asha",
        "https://maps.apple.com/place?coordinate=12.3051828,76.6553609&name=Asha",
        "https://www.openstreetmap.org/?mlat=12.3051828&mlon=76.6553609#map=19/12.9/76.9",
        "https://www.openstreetmap.org/#map=19/12.3051828/76.6553609",
        "We are here: https://www.google.com/maps?q=12.3051828,76.6553609 (blue gate)",
    ],
)
def test_coordinates_are_read_however_they_come(text: str) -> None:
    assert parse_location(text) == MYSORE


def test_the_other_halves_of_the_globe_are_read_too() -> None:
    assert parse_location("-33.8568, 151.2153") == Point(-33.8568, 151.2153)
    assert parse_location("33.8568 S, 70.5 W") == Point(-33.8568, -70.5)
    sydney = parse_location("33°51'24.5\"S 151°12'55.1\"E")
    assert (round(sydney.lat, 4), round(sydney.lon, 4)) == (-33.8568, 151.2153)


@pytest.mark.parametrize(
    ("code", "lat", "lon"),
    [
        ("7JVW52GR+2V", 27.175063, 78.042188),
        ("8FVC2222+22", 47.0000625, 8.0000625),
        ("4VCPPQGP+Q9", -41.2730625, 174.7859375),
        ("7FG49Q00+", 20.375, 2.775),
        ("6FH32222+222", 1.0000125, 1.00001562),
    ],
)
def test_a_full_plus_code_is_the_middle_of_its_area(code: str, lat: float, lon: float) -> None:
    point = parse_location(f"{code} Agra")

    assert math.isclose(point.lat, lat, abs_tol=1e-4)
    assert math.isclose(point.lon, lon, abs_tol=1e-4)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://maps.app.goo.gl/AbCdEf123", "short-link"),
        ("https://goo.gl/maps/AbCdEf", "short-link"),
        ("52GR+2V Agra", "short-plus-code"),
        ("next to the temple", "no-coordinates"),
        ("", "no-coordinates"),
        ("+91 98765 43210", "no-coordinates"),
        ("https://example.org/", "no-coordinates"),
        ("https://www.google.com/maps/place/Asha+Stores", "no-coordinates"),
        ("91.5, 10", "out-of-range"),
        ("10, 181", "out-of-range"),
    ],
)
def test_without_coordinates_it_says_why(text: str, reason: str) -> None:
    with pytest.raises(NotLocated) as refusal:
        parse_location(text)

    assert refusal.value.reason == reason


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        point = parse_location(text)
    except NotLocated:
        return
    assert abs(point.lat) <= 90
    assert abs(point.lon) <= 180


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_pair_that_is_written_out_is_read_back(lat: float, lon: float) -> None:
    point = parse_location(f"{lat:.7f}, {lon:.7f}")

    assert point == Point(round(lat, 7), round(lon, 7))


def test_the_links_lead_to_the_pin() -> None:
    links = directions_to(Location(12.5, -76.25), 'Asha (the "best")')

    assert links.geo == "geo:12.5,-76.25?q=12.5,-76.25(Asha%20the%20%22best%22)"
    assert links.google == "https://www.google.com/maps/dir/?api=1&destination=12.5,-76.25"
    assert links.apple.startswith("https://maps.apple.com/?daddr=12.5,-76.25&q=Asha")
    assert links.openstreetmap == "https://www.openstreetmap.org/directions?to=12.5%2C-76.25"
    for link in (links.geo, links.google, links.apple):
        assert parse_location(link) == Point(12.5, -76.25)


def test_distance_and_direction_are_right() -> None:
    paris, london = Point(48.8566, 2.3522), Point(51.5074, -0.1278)

    assert math.isclose(distance_m(paris, london), 343_500, rel_tol=0.005)
    assert 325 < bearing_deg(paris, london) < 335
    assert distance_m(paris, paris) == 0


def test_the_sketch_shows_pin_scale_and_north() -> None:
    drawing = draw_sketch(Location(12.3, 76.6, 30), "Asha <Stores>")

    assert drawing.startswith("<svg")
    assert 'aria-label="Asha &lt;Stores&gt;"' in drawing
    assert '<path class="pin"' in drawing
    assert ">100 m<" in drawing
    assert ">N<" in drawing


def test_the_sketch_shows_a_visitor_the_way() -> None:
    shop = Location(12.3, 76.6)

    near = draw_sketch(shop, "Asha", visitor=Point(12.2982, 76.6))
    far = draw_sketch(shop, "Asha", visitor=Point(12.3, 77.6))

    assert "↑ 200 m" in near
    assert "← 109 km" in far
    assert 'class="you"' in near


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
def test_any_two_points_make_a_sketch(a: float, b: float, c: float, d: float) -> None:
    assert draw_sketch(Location(a, b), "x", visitor=Point(c, d)).endswith("</svg>")
