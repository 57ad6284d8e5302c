"""Renders semid.svg into the sizes that systems want: python3 render.py (needs chromium). Only after a change of the drawing."""

import pathlib
import struct
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
SIZES = {"32x32.png": 32, "128x128.png": 128, "128x128@2x.png": 256, "512x512.png": 512}
ICO_SIZES = [16, 24, 32, 48, 64, 256]


def render(size: int) -> bytes:
    drawing = (HERE / "semid.svg").read_text()
    page = f"<style>*{{margin:0}}svg{{display:block;width:{size}px;height:{size}px}}</style>{drawing}"
    with tempfile.TemporaryDirectory() as folder:
        html, png = pathlib.Path(folder, "page.html"), pathlib.Path(folder, "page.png")
        html.write_text(page)
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--default-background-color=00000000", "--force-device-scale-factor=1",
             f"--window-size={size},{size}", f"--screenshot={png}", html.as_uri()],
            check=True, capture_output=True,
        )
        return png.read_bytes()


def ico(images: dict[int, bytes]) -> bytes:
    head, body = struct.pack("<HHH", 0, 1, len(images)), b""
    offset = len(head) + 16 * len(images)
    for size, png in images.items():
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(png), offset + len(body))
        body += png
    return head + body


for name, size in SIZES.items():
    (HERE / name).write_bytes(render(size))
(HERE / "icon.ico").write_bytes(ico({size: render(size) for size in ICO_SIZES}))
