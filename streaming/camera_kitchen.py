"""The kitchen itself, drawn once, wider than the camera sees: tiles, shelves, counter, hood, pots."""

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1920, 720  # the units everything here is drawn in
HOOD_X = 860
POTS = ((760, 372), (960, 380))  # where steam rises
COUNTER_Y = 470
JARS = ("#c8553d", "#e9b44c", "#588b8b", "#f28f3b", "#93b7be", "#7f9c6c", "#b08968", "#d8c99b")


def draw_kitchen(height: int) -> Image.Image:
    """The whole room, scaled so that it is `height` pixels high."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#e9ece6")
    draw = ImageDraw.Draw(image)
    _tiles(draw)
    _window(draw)
    _hood(draw)
    _shelf(draw, 1180, 190)
    _shelf(draw, 1180, 322)
    _utensils(draw)
    _fridge(draw)
    _counter(draw)
    _stove(draw)
    _sink(draw)
    _board(draw)
    _notice(draw)
    return image.resize((WIDTH * height // HEIGHT // 2 * 2, height), Image.Resampling.LANCZOS)


def _tiles(draw: ImageDraw.ImageDraw) -> None:
    for row, y in enumerate(range(0, COUNTER_Y, 60)):
        for x in range(-60 * (row % 2), WIDTH, 120):
            shade = ("#dfe8e4", "#e6ede9", "#dbe5e2")[(x // 60 + row) % 3]
            draw.rectangle((x + 2, y + 2, x + 117, y + 57), fill=shade)
    draw.rectangle((0, 404, WIDTH, 418), fill="#7fa99b")


def _window(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((300, 70, 560, 330), fill="#6b7f86")
    draw.rectangle((312, 82, 548, 318), fill="#bfe0ea")
    draw.ellipse((470, 100, 520, 150), fill="#fbe7a1")
    for x, top in ((320, 220), (372, 180), (418, 240), (470, 200), (512, 232)):
        draw.rectangle((x, top, x + 38, 318), fill="#8fb3bd")
        for y in range(top + 12, 310, 22):
            draw.rectangle((x + 8, y, x + 14, y + 8), fill="#e8f3f5")
            draw.rectangle((x + 22, y, x + 28, y + 8), fill="#e8f3f5")
    draw.rectangle((425, 82, 435, 318), fill="#6b7f86")
    draw.rectangle((288, 330, 572, 346), fill="#55676e")
    for x in (322, 500):
        draw.polygon(((x, 330), (x + 34, 330), (x + 29, 300), (x + 5, 300)), fill="#c8703d")
        draw.ellipse((x - 8, 262, x + 20, 304), fill="#5b8c5a")
        draw.ellipse((x + 14, 254, x + 42, 304), fill="#6fa06b")


def _hood(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((HOOD_X - 60, 0, HOOD_X + 60, 130), fill="#aab7bd")
    draw.ellipse((HOOD_X - 34, 58, HOOD_X + 34, 126), fill="#84949b")
    draw.ellipse((HOOD_X - 27, 65, HOOD_X + 27, 119), fill="#c9d3d7")
    draw.polygon(((HOOD_X - 70, 130), (HOOD_X + 70, 130), (HOOD_X + 240, 214), (HOOD_X - 240, 214)), fill="#bcc8cd")
    draw.rectangle((HOOD_X - 240, 214, HOOD_X + 240, 238), fill="#93a2a9")
    for x in (HOOD_X - 130, HOOD_X + 90):
        draw.rectangle((x, 234, x + 40, 242), fill="#fff3c4")


def _shelf(draw: ImageDraw.ImageDraw, left: int, y: int) -> None:
    for index, colour in enumerate(JARS):
        x, tall = left + 14 + index * 48, 58 + (index * 37 + y) % 24
        draw.rounded_rectangle((x, y - tall, x + 36, y), 6, fill=colour)
        draw.rectangle((x + 4, y - tall - 8, x + 32, y - tall + 3), fill="#5a4a42")
        draw.rectangle((x + 6, y - tall // 2 - 10, x + 30, y - tall // 2 + 8), fill="#f7f3e8")
    draw.rectangle((left, y, left + 410, y + 12), fill="#9c6b43")
    for x in (left + 30, left + 370):
        draw.polygon(((x, y + 12), (x + 14, y + 12), (x, y + 36)), fill="#704a2c")


def _utensils(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((590, 268, 740, 275), fill="#74838a")
    for index, x in enumerate((606, 638, 670, 702)):
        draw.line((x, 275, x, 345), fill="#74838a", width=5)
        box = (x - 13, 336, x + 13, 370)
        draw.ellipse(box, fill="#98a7ad") if index % 2 else draw.rounded_rectangle(box, 5, fill="#98a7ad")


def _fridge(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle((1630, 90, 1890, 690), 14, fill="#cfd9dd")
    draw.rectangle((1630, 330, 1890, 338), fill="#9eadb4")
    draw.rounded_rectangle((1652, 230, 1664, 315), 5, fill="#7f9098")
    draw.rounded_rectangle((1652, 360, 1664, 470), 5, fill="#7f9098")
    draw.rectangle((1740, 140, 1850, 180), fill="#1d3a45")
    for x in (1752, 1782, 1812):
        draw.rectangle((x, 152, x + 18, 168), fill="#7fe0c3")


def _counter(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, COUNTER_Y + 34, 1620, 650), fill="#d9d2c5")
    for x in range(20, 1620, 200):
        draw.rounded_rectangle((x, 522, x + 180, 640), 8, fill="#c9c0b0")
        draw.rounded_rectangle((x + 70, 534, x + 110, 542), 4, fill="#8d8577")
    draw.rectangle((0, COUNTER_Y, 1620, COUNTER_Y + 36), fill="#8e9aa0")
    draw.rectangle((0, COUNTER_Y, 1620, COUNTER_Y + 8), fill="#b4bfc4")
    draw.rectangle((0, 650, WIDTH, HEIGHT), fill="#a9765a")
    for x in range(0, WIDTH, 96):
        draw.line((x, 650, x - 50, HEIGHT), fill="#946449", width=3)


def _stove(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((640, COUNTER_Y - 8, 1080, COUNTER_Y + 6), fill="#2f3a40")
    for x, y in POTS:
        draw.polygon(((x - 26, COUNTER_Y - 8), (x, COUNTER_Y - 30), (x + 26, COUNTER_Y - 8)), fill="#f0803c")
        draw.rounded_rectangle((x - 74, y + 8, x + 74, COUNTER_Y - 14), 12, fill="#5d6d75")
        draw.rectangle((x - 80, y, x + 80, y + 14), fill="#7c8d95")
        draw.rectangle((x - 106, y + 22, x - 74, y + 32), fill="#3d494f")
        draw.rectangle((x + 74, y + 22, x + 106, y + 32), fill="#3d494f")
    for x in range(680, 1060, 60):
        draw.ellipse((x, COUNTER_Y + 12, x + 18, COUNTER_Y + 30), fill="#2f3a40")


def _sink(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((330, COUNTER_Y + 6, 540, COUNTER_Y + 20), fill="#5f6f76")
    draw.line(((430, COUNTER_Y), (430, 396), (480, 396), (480, 418)), fill="#6f8087", width=12, joint="curve")
    for x, colour in ((60, "#4f8a5b"), (112, "#c8553d"), (164, "#e9b44c")):
        draw.rounded_rectangle((x, COUNTER_Y - 56, x + 42, COUNTER_Y), 8, fill=colour)
        draw.rectangle((x + 13, COUNTER_Y - 74, x + 29, COUNTER_Y - 56), fill="#f7f3e8")


def _board(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle((1180, COUNTER_Y - 16, 1420, COUNTER_Y), 6, fill="#c99a64")
    for x in range(1200, 1300, 24):
        draw.ellipse((x, COUNTER_Y - 42, x + 34, COUNTER_Y - 12), fill="#6fa06b")
    draw.ellipse((1310, COUNTER_Y - 54, 1352, COUNTER_Y - 12), fill="#c8553d")
    draw.polygon(((1362, COUNTER_Y - 20), (1460, COUNTER_Y - 30), (1460, COUNTER_Y - 20)), fill="#dfe6e9")
    draw.rectangle((1460, COUNTER_Y - 32, 1510, COUNTER_Y - 18), fill="#3d2f28")


def _notice(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((90, 120, 240, 320), fill="#fbfaf4")
    draw.rectangle((90, 120, 240, 154), fill="#2f6f73")
    for y in range(174, 300, 20):
        draw.rectangle((106, y, 206 if y % 40 else 222, y + 8), fill="#b9c4c4")
    draw.ellipse((188, 268, 228, 308), outline="#c8553d", width=5)
