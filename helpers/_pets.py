"""The offline stand-in for CIFAR-10: its ten classes as small drawings, 32×32 pixels.

Every shape is a signed distance to an outline, computed for many pictures at once;
its coverage of a pixel is that distance clipped, so edges are smooth. Coordinates are
the drawing's own: x to the right, y down, the picture's subject within about ±1.
"""

import functools

import numpy as np

from helpers._readers import CIFAR_CLASSES

SIZE = 32
PARTS = (800, 100, 200)  # pictures of each class for training, validation, test


# Palettes: red, green and blue of each colour, two hexadecimal digits each.
FUR = "463c37 8c5f3c c39664 e4d0af 828287 eeece6 d0803e"
PAINT = "c82828 2850b4 ebebeb f5c328 3c3c41 28825a 969ba5 e67828"
PLUMES = "be3c32 466ebe 785a46 e6be46 ebebeb 464650 5a965a"
GREENS = "5aa03c 3c783c 96aa3c 786e3c"
GLASS = "96bed7 5a6e82"
BEAK = "eba032"
IRIS = "96c85a e1be46 78b4d2"
BLACK = "191619"
WHITE = "f0f0ee"
PINK = "e18c8c"
PLACES = {  # colours above and below the horizon
    "sky": ("82b4e6 b4cde1 d2aa96", "96bee6"),
    "field": ("96bedc 5a8250 bebeaa", "649646 968c50 786e5a"),
    "road": ("aabecd 968c82 789678", "6e6e70 969187 55555f"),
    "water": ("a0c3e1 d7beaa 8c96a0", "326496 46828c 5a6e82"),
    "room": ("c8b496 96aab4 b49696 6e786e", "966e50 785050 aaa5a0"),
}


class Scene:
    """A batch of ``count`` pictures while they are drawn, each in a pose of its own."""

    def __init__(self, count: int, random: np.random.Generator, place: str) -> None:
        self.count, self.random = count, random
        down, right = np.mgrid[:SIZE, :SIZE].astype(np.float32) - (SIZE - 1) / 2
        self.x, self.y = right[None] / 16, down[None] / 16
        self.scale = np.float32(16)
        self.shade = np.float32(1)
        self.image = np.zeros((count, 3, SIZE, SIZE), np.float32)
        self._backdrop(place)
        self.scale = self.vary(9, 14.5)
        angle, side = self.vary(-0.27, 0.27), 2 * self.odds(0.5) - 1
        x, y = right - self.vary(-3.5, 3.5), down - self.vary(-3, 3)
        cos, sin = np.cos(angle) / self.scale, np.sin(angle) / self.scale
        self.x = side * (cos * x + sin * y) * self.vary(0.9, 1.12)
        self.y = cos * y - sin * x
        self.shade = (1.05 - self.vary(0.05, 0.3) * self.y)[:, None]

    def vary(self, low: float, high: float) -> np.ndarray:
        """Draw one number for each picture: (count, 1, 1)."""
        drawn = self.random.random((self.count, 1, 1), np.float32)
        return low + (high - low) * drawn

    def odds(self, chance: float) -> np.ndarray:
        """Draw 1 with this chance, else 0, for each picture: (count, 1, 1)."""
        return (self.vary(0, 1) < chance).astype(np.float32)

    def pick(self, palette: str, spread: float = 0.1) -> np.ndarray:
        """Draw colours near the palette's, one for each picture: (count, 3, 1, 1)."""
        colours = np.frombuffer(bytes.fromhex(palette), np.uint8).reshape(-1, 3)
        chosen = self.random.integers(len(colours), size=self.count)
        near = np.float32(colours[chosen] / 255)[..., None, None]
        wobble = self.random.random((self.count, 3, 1, 1), np.float32) - 0.5
        light = 1 + self.vary(-2, 2)[:, None] * spread
        return (near * light + wobble * spread).clip(0, 1)

    def ellipse(self, colour, cx, cy, rx, ry, *, when=1, mirror=False) -> None:
        x = np.abs(self.x) if mirror else self.x
        u, v = (x - cx) / rx, (self.y - cy) / ry
        self._fill(colour, (np.sqrt(u * u + v * v) - 1) * np.minimum(rx, ry), when)

    def line(self, colour, ax, ay, bx, by, r, *, when=1, mirror=False) -> None:
        """Draw from (ax, ay) to (bx, by) with a round pen of radius ``r``."""
        x = (np.abs(self.x) if mirror else self.x) - ax
        y, dx, dy = self.y - ay, bx - ax, by - ay
        along = ((x * dx + y * dy) / (dx * dx + dy * dy + 1e-6)).clip(0, 1)
        x, y = x - along * dx, y - along * dy
        self._fill(colour, np.sqrt(x * x + y * y) - r, when)

    def polygon(self, colour, *corners, when=1, mirror=False) -> None:
        """Draw a convex polygon, its corners clockwise as seen."""
        x = np.abs(self.x) if mirror else self.x
        distance = np.float32(-9)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            dx, dy = bx - ax, by - ay
            edge = (dy * (x - ax) - dx * (self.y - ay)) / np.sqrt(dx * dx + dy * dy)
            distance = np.maximum(distance, edge)
        self._fill(colour, distance, when)

    def _fill(self, colour, distance, when) -> None:
        colour = self.pick(colour) if isinstance(colour, str) else colour
        cover = ((0.5 - distance * self.scale).clip(0, 1) * when)[:, None]
        self.image += cover * (colour * self.shade - self.image)

    def _backdrop(self, place: str) -> None:
        above, below = PLACES[place]
        self.image += self.pick(above)
        horizon = self.vary(-0.1, 0.6) if place != "sky" else 2
        self._fill(below, horizon - self.y, 1)
        self.image += self._texture(4, 0.25) + self._texture(16, 0.12)
        everything = PAINT + FUR + GREENS + GLASS
        for _ in range(3):
            ax, ay, bx, by = (self.vary(-1, 1) for _ in range(4))
            rx, ry, pen = (
                self.vary(0.08, 0.4),
                self.vary(0.08, 0.5),
                self.vary(0.02, 0.1),
            )
            blob, bar = 0.75 * self.odds(0.45), 0.75 * self.odds(0.35)
            self.ellipse(everything, ax, ay, rx, ry, when=blob)
            self.line(everything, ax, ay, bx, by, pen, when=bar)

    def _texture(self, cells: int, strength: float) -> np.ndarray:
        """Smooth noise with ``cells`` cells to a side: (count, 1, SIZE, SIZE)."""
        noise = self.random.random((self.count, cells + 1, cells + 1), np.float32) - 0.5
        place = np.arange(SIZE, dtype=np.float32) * cells / SIZE
        whole = place.astype(int)
        rest = place - whole
        for _ in range(2):  # along rows, then along columns
            noise = noise[:, :, whole] * (1 - rest) + noise[:, :, whole + 1] * rest
            noise = noise.swapaxes(1, 2)
        return (noise * strength * self.vary(0.2, 1.5))[:, None]

    def finish(self) -> np.ndarray:
        """Put something in front of nearly half, add light and noise: uint8."""
        self.shade = np.float32(1)
        x, y, pen = self.vary(-1.2, 1.2), self.vary(-1.2, 1.2), self.vary(0.05, 0.2)
        end = x + self.vary(-1.5, 1.5), y + self.vary(-1.5, 1.5)
        self.line(PAINT + GREENS + FUR, x, y, *end, pen, when=self.odds(0.45))
        light = self.vary(0.7, 1.2)[:, None]
        noise = self.random.random((2, *self.image.shape), np.float32).sum(0) - 1
        noise *= self.vary(0.03, 0.18)[:, None]
        image = (self.image - 0.5) * self.vary(0.7, 1.1)[:, None] + 0.5
        return np.rint(255 * (image * light + noise).clip(0, 1)).astype(np.uint8)


def airplane(s: Scene) -> None:
    body, wing = s.pick(WHITE + PAINT), s.pick(PAINT + WHITE)
    sweep, span = s.vary(-0.55, -0.1), s.vary(0.55, 0.95)
    s.polygon(wing, (0.02, 0), (0.3, 0), (sweep + 0.22, -span), (sweep, -span))
    s.line(body, -0.9, 0, 0.8, 0, s.vary(0.11, 0.17))
    s.polygon(wing, (-0.98, -0.4), (-0.8, -0.42), (-0.5, 0), (-0.95, 0))
    low = span * 0.9
    s.polygon(wing, (0.35, 0.03), (sweep + 0.2, low), (sweep, low), (0.0, 0.03))
    s.line(GLASS, -0.5, -0.05, 0.6, -0.05, 0.03, when=s.odds(0.7))
    s.ellipse(GLASS, 0.85, -0.05, 0.09, 0.06)


def wheels(s: Scene, *places: float, r: float = 0.2) -> None:
    for x in places:
        s.ellipse(BLACK, x, 0.42, r, r)
        s.ellipse(GLASS + WHITE, x, 0.42, r * 0.5, r * 0.5)


def automobile(s: Scene) -> None:
    paint, glass = s.pick(PAINT), s.pick(GLASS)
    roof, back, low = s.vary(-0.5, -0.32), s.vary(-0.75, -0.5), -0.02
    s.polygon(paint, (back + 0.15, roof), (0.2, roof), (0.55, 0), (back - 0.1, 0))
    top = roof + 0.09
    s.polygon(glass, (back + 0.2, top), (-0.15, top), (-0.15, low), (back + 0.05, low))
    s.polygon(glass, (-0.06, top), (0.16, top), (0.4, low), (-0.06, low))
    s.line(paint, -0.85, 0.2, 0.85, 0.2, s.vary(0.18, 0.24))
    s.ellipse("faf0aa", 0.95, 0.14, 0.08, 0.06)
    wheels(s, -0.52, 0.55, r=0.21)


def truck(s: Scene) -> None:
    paint, load, top = s.pick(PAINT), s.pick(PAINT + WHITE + FUR), s.vary(-0.75, -0.15)
    s.polygon(load, (-1, top), (0.3, top), (0.3, 0.3), (-1, 0.3))
    s.line(load * 0.75, -0.9, top + 0.12, 0.2, top + 0.12, 0.04, when=s.odds(0.5))
    roof = s.vary(0.65, 0.85), -0.4
    s.polygon(paint, (0.36, -0.4), roof, (0.98, 0), (0.98, 0.32), (0.36, 0.32))
    s.polygon(GLASS, (0.5, -0.3), (0.7, -0.3), (0.85, 0), (0.5, 0))
    s.line(BLACK, -0.95, 0.34, 0.95, 0.34, 0.06)
    wheels(s, -0.72, -0.35, 0.68, r=0.18)


def ship(s: Scene) -> None:
    hull, deck, bow = s.pick(PAINT), s.pick(WHITE + PAINT), s.vary(0.75, 1.05)
    s.line(BLACK, -0.1, 0, -0.1, s.vary(-0.95, -0.5), 0.03)
    sail = (-0.02, -0.85), (s.vary(0.3, 0.6), -0.1), (-0.02, -0.1)
    s.polygon(WHITE + PLUMES, *sail, when=s.odds(0.4))
    top = s.vary(-0.35, -0.2)
    funnel = (-0.48, top - 0.3), (-0.28, top - 0.3), (-0.26, top), (-0.5, top)
    s.polygon(deck, (-0.6, top), (0.15, top), (0.25, 0.2), (-0.65, 0.2))
    s.line(GLASS, -0.5, top + 0.12, 0.1, top + 0.12, 0.04)
    s.polygon(PAINT, *funnel, when=s.odds(0.6))
    s.polygon(hull, (-0.95, 0.05), (bow, 0), (bow - 0.35, 0.45), (-0.8, 0.45))
    s.line(WHITE, -0.9, 0.48, 0.75, 0.48, 0.05)


def perched_bird(s: Scene) -> None:
    coat, wing = s.pick(PLUMES), s.pick(PLUMES)
    for x in (-0.05, 0.15):
        s.line("be823c", x, 0.3, x + 0.05, 0.75, 0.03)
    s.line(wing, -0.4, 0.1, s.vary(-1.0, -0.8), s.vary(0.1, 0.45), 0.09)
    s.ellipse(coat, 0, 0.08, 0.5, s.vary(0.3, 0.38))
    s.ellipse(wing, -0.12, 0.05, 0.34, 0.19)
    head = s.vary(-0.45, -0.3)
    tip = s.vary(0.78, 0.95), head + 0.05
    s.polygon(BEAK, (0.55, head - 0.08), tip, (0.55, head + 0.12))
    s.ellipse(coat, 0.4, head, 0.25, 0.24)
    s.ellipse(BLACK, 0.48, head - 0.05, 0.05, 0.05)


def flying_bird(s: Scene) -> None:
    coat, wing, lift = s.pick(PLUMES), s.pick(PLUMES), s.vary(-0.9, -0.4)
    s.polygon(wing * 0.8, (-0.15, 0.05), (-0.1, lift), (0.05, lift), (0.35, 0.05))
    s.polygon(wing, (-0.5, -0.1), (-0.95, -0.15), (-0.95, 0.15), (-0.4, 0.1))
    s.ellipse(coat, 0, 0, 0.5, 0.2)
    tip = s.vary(-0.75, -0.5), lift + 0.1
    s.polygon(wing, (-0.3, 0), tip, (-0.35, lift), (0.2, 0))
    s.polygon(BEAK, (0.65, -0.16), (0.95, -0.06), (0.65, 0.02))
    s.ellipse(coat, 0.5, -0.1, 0.2, 0.17)
    s.ellipse(BLACK, 0.56, -0.14, 0.045, 0.045)


def cat_face(s: Scene) -> None:
    fur, eye = s.pick(FUR), s.pick(IRIS)
    tip, width = s.vary(-0.98, -0.72), s.vary(0.56, 0.7)
    s.ellipse(fur, 0, 1.05, 0.55, 0.6)
    s.polygon(fur, (0.1, -0.4), (0.52, tip), (0.6, -0.05), mirror=True)
    s.polygon(PINK, (0.26, -0.42), (0.48, tip + 0.17), (0.52, -0.25), mirror=True)
    s.ellipse(fur, 0, 0, width, 0.53)
    for x in (-0.18, 0, 0.18):
        s.line(fur * 0.6, x, -0.48, x * 0.7, -0.28, 0.035, when=s.odds(0.5))
    s.ellipse(eye, 0.27, -0.07, 0.13, 0.11, mirror=True)
    s.ellipse(BLACK, 0.27, -0.07, s.vary(0.03, 0.08), 0.1, mirror=True)
    s.ellipse(WHITE + FUR, 0.1, 0.24, 0.13, 0.1, mirror=True)
    s.ellipse(PINK, 0, 0.13, 0.07, 0.05)
    s.line(WHITE, 0.2, 0.22, 0.85, s.vary(0.1, 0.35), 0.012, mirror=True)


def dog_face(s: Scene) -> None:
    fur, ear, pricked = s.pick(FUR), s.pick(FUR), s.odds(0.2)
    s.ellipse(fur, 0, 1.05, 0.55, 0.6)
    s.polygon(ear, (0.12, -0.4), (0.5, -0.85), (0.55, -0.05), when=pricked, mirror=True)
    s.ellipse(fur, 0, 0, s.vary(0.48, 0.6), 0.58)
    x, y, long = s.vary(0.5, 0.6), s.vary(-0.1, 0.1), s.vary(0.35, 0.48)
    s.ellipse(ear, x, y, 0.17, long, when=1 - pricked, mirror=True)
    s.ellipse(BLACK, 0.23, -0.14, 0.085, 0.085, mirror=True)
    s.line("e15a64", 0, 0.4, 0, s.vary(0.55, 0.72), 0.1, when=s.odds(0.5))
    s.ellipse(FUR + WHITE, 0, 0.28, s.vary(0.26, 0.34), s.vary(0.2, 0.26))
    s.ellipse(BLACK, 0, 0.15, 0.14, 0.1)
    s.line(BLACK, 0, 0.2, 0, 0.38, 0.02)


def legs(s: Scene, fur: np.ndarray, top: float, foot: float, r: float) -> None:
    for x, dark in ((-0.32, 0.7), (0.5, 0.7), (-0.48, 1), (0.34, 1)):
        s.line(fur * dark, x, top, x + s.vary(-0.13, 0.13), foot, r)


def whole_cat(s: Scene) -> None:
    fur, high = s.pick(FUR), s.vary(-0.35, -0.15)
    bend = s.vary(-1.05, -0.8)
    s.line(fur, -0.55, 0.1, bend, -0.15, 0.07)
    s.line(fur, bend, -0.15, s.vary(-1.0, -0.6), s.vary(-0.75, -0.5), 0.07)
    legs(s, fur, 0.2, 0.7, 0.08)
    s.ellipse(fur, 0, 0.12, 0.62, s.vary(0.2, 0.28))
    for x in (-0.3, -0.05, 0.2):
        s.line(fur * 0.6, x, -0.08, x, 0.15, 0.035, when=s.odds(0.4))
    ear = high - 0.1
    for x in (0.5, 0.76):
        s.polygon(fur, (x - 0.1, ear), (x + 0.03, ear - 0.36), (x + 0.14, ear))
    s.ellipse(fur, 0.65, high, 0.28, 0.25)
    s.ellipse(IRIS, 0.73, high - 0.03, 0.07, 0.06)
    s.ellipse(BLACK, 0.74, high - 0.03, 0.03, 0.05)
    s.ellipse(PINK, 0.9, high + 0.06, 0.05, 0.04)


def whole_dog(s: Scene) -> None:
    fur, high = s.pick(FUR), s.vary(-0.4, -0.2)
    s.line(fur, -0.55, 0.05, s.vary(-0.95, -0.75), s.vary(-0.4, -0.1), 0.07)
    legs(s, fur, 0.2, 0.75, 0.09)
    s.ellipse(fur, 0, 0.1, 0.62, s.vary(0.22, 0.3))
    s.line(fur, 0.45, 0, 0.6, high, 0.17)
    s.line(FUR + WHITE, 0.7, high + 0.08, s.vary(0.92, 1.05), high + 0.1, 0.1)
    s.ellipse(fur, 0.62, high, 0.25, 0.24)
    s.ellipse(FUR, 0.5, high + 0.06, 0.1, s.vary(0.2, 0.28))
    s.ellipse(BLACK, 0.72, high - 0.06, 0.05, 0.05)
    s.ellipse(BLACK, 1.02, high + 0.05, 0.07, 0.06)


def deer(s: Scene) -> None:
    fur = s.pick("966941 af7d50 785a41")
    high, horns = s.vary(-0.62, -0.45), s.odds(0.75)
    bone = s.pick("d7c3a0 6e553c")
    for x in (0.5, 0.72):
        tip = 1.4 * x - 0.2, high - 0.42
        s.line(bone, x + 0.12, high, *tip, 0.035, when=horns)
        s.line(bone, x + 0.06, high - 0.2, x + 0.2, high - 0.38, 0.03, when=horns)
    legs(s, fur, 0.1, 0.88, 0.06)
    s.ellipse(WHITE, -0.58, -0.05, 0.12, 0.13)
    s.ellipse(fur, 0, 0.02, 0.56, s.vary(0.2, 0.26))
    s.line(fur, 0.42, -0.05, 0.64, high, 0.11)
    s.ellipse(fur * 0.8, 0.5, high - 0.03, 0.13, 0.06)
    s.line(fur, 0.66, high, 0.9, high + 0.1, 0.1)
    s.ellipse(BLACK, 0.97, high + 0.11, 0.05, 0.05)
    for x in (-0.3, -0.1, 0.1):
        s.ellipse(WHITE, x, s.vary(-0.12, 0.0), 0.05, 0.04, when=s.odds(0.35))


def horse(s: Scene) -> None:
    fur, hair = s.pick(FUR), s.pick(BLACK + FUR)
    high, tail = s.vary(-0.72, -0.5), s.vary(0.2, 0.6)
    s.line(hair, -0.58, -0.08, s.vary(-0.95, -0.75), tail, 0.09)
    legs(s, fur, 0.1, 0.85, 0.085)
    s.ellipse(fur, 0, 0, 0.62, s.vary(0.25, 0.31))
    s.line(hair, 0.36, -0.2, 0.54, high - 0.03, 0.14)
    s.line(fur, 0.46, -0.05, 0.66, high, 0.15)
    s.line(fur, 0.68, high, s.vary(0.92, 1.05), high + 0.26, 0.1)
    s.polygon(fur, (0.56, high), (0.62, high - 0.25), (0.72, high))
    s.ellipse(BLACK, 0.76, high - 0.01, 0.04, 0.04)


def frog(s: Scene) -> None:
    skin = s.pick(GREENS)
    s.ellipse(skin * 0.8, s.vary(0.55, 0.7), 0.35, 0.32, 0.26, mirror=True)
    s.line(skin * 0.85, 0.5, 0.55, 0.95, 0.62, 0.08, mirror=True)
    s.ellipse(skin, 0, 0.2, s.vary(0.55, 0.68), s.vary(0.38, 0.46))
    s.line(skin * 0.9, 0.25, 0.4, 0.3, 0.65, 0.08, mirror=True)
    s.ellipse("d7d796", 0, 0.42, 0.36, 0.17)
    s.ellipse(skin, 0.32, -0.22, 0.2, 0.2, mirror=True)
    s.ellipse(WHITE + "e6c846", 0.33, -0.25, 0.13, 0.13, mirror=True)
    s.ellipse(BLACK, 0.33, -0.24, 0.07, 0.08, mirror=True)
    s.line(skin * 0.4, 0, 0.2, 0.38, 0.1, 0.025, mirror=True)


DRAWINGS = {  # each with the places it is usually seen in
    "airplane": {airplane: "sky sky road"},
    "automobile": {automobile: "road road field"},
    "bird": {perched_bird: "field sky room", flying_bird: "sky water field"},
    "cat": {cat_face: "room field room", whole_cat: "room field road"},
    "deer": {deer: "field field water"},
    "dog": {dog_face: "room field room", whole_dog: "room field road"},
    "frog": {frog: "field water room"},
    "horse": {horse: "field field road"},
    "ship": {ship: "water water sky"},
    "truck": {truck: "road road field"},
}


@functools.cache
def draw_pets() -> tuple[tuple, tuple, tuple]:
    """Draw (train, valid, test), each (uint8 (N, 3, 32, 32), int64 (N,)) in numpy."""
    wanted = sum(PARTS)
    classes = []
    for label, name in enumerate(CIFAR_CLASSES):
        random, images = np.random.default_rng([2024, label]), []
        settings = [
            (draw, place)
            for draw, places in DRAWINGS[name].items()
            for place in [*places.split(), *PLACES]  # the usual ones, and anywhere
        ]
        for k, (draw, place) in enumerate(settings):
            count = wanted * (k + 1) // len(settings) - wanted * k // len(settings)
            scene = Scene(count, random, place)
            draw(scene)
            images.append(scene.finish())
        classes.append(np.concatenate(images)[random.permutation(wanted)])
    pictures = np.stack(classes, 1)  # (wanted, 10, 3, SIZE, SIZE): the classes in turn
    parts = np.split(pictures, np.cumsum(PARTS)[:-1])
    return tuple(
        (part.reshape(-1, 3, SIZE, SIZE), np.tile(np.arange(10), len(part)))
        for part in parts
    )
