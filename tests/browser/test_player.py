"""The player of an animation: its frames move, and it fits a phone."""

import pytest

PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def player_pages(pages, site):
    found = [p for p in pages if 'class="animation"' in (site / p).read_text("utf-8")]
    assert found, "no page has an animation"
    return found


def test_next_and_slider_change_the_picture(tab, address, player_pages):
    for page in player_pages:
        tab.goto(f"{address}/{page}")
        player = tab.locator(".animation").first
        picture = player.locator("img")
        first = picture.get_attribute("src")
        assert first.startswith("data:image/png")
        player.get_by_role("button", name="Next frame").click()
        second = picture.get_attribute("src")
        assert second != first, page
        player.get_by_role("slider", name="Frame").press("ArrowRight")
        assert picture.get_attribute("src") not in (first, second), page
        assert picture.get_attribute("alt"), page


def test_it_fits_a_phone(tab, address, player_pages):
    tab.set_viewport_size(PHONE)
    for page in player_pages:
        tab.goto(f"{address}/{page}")
        player = tab.locator(".animation").first
        for part in player.locator("img, input[type=range], button").all():
            box = part.bounding_box()
            assert box["x"] >= 0, page
            assert box["x"] + box["width"] <= PHONE["width"], page
        button = player.get_by_role("button", name="Play", exact=True).bounding_box()
        assert min(button["width"], button["height"]) >= 32, page
