"""Countries as people write them."""

from __future__ import annotations

import pytest

from customers.codes import countries, country_code, languages


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("us", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("UK", "GB"),
        ("deu", "DE"),
        ("cote d'ivoire", "CI"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Bosnia and Herzegovina", "BA"),
        ("South  Korea", "KR"),
        ("840", "840"),
        ("EU", "EU"),
        ("Deutschlandia", "Deutschlandia"),
    ],
)
def test_country_code(text, code):
    assert country_code(text) == code


def test_every_country_is_found_by_its_own_code_and_name():
    assert len(countries()) > 240
    for code, name in countries().items():
        assert country_code(code) == country_code(name.upper()) == code


def test_languages_are_two_letters():
    assert {"en", "de", "ja", "hi"} < languages()
    assert "xx" not in languages()
