"""Pictures that follow each other, put into one file: GIF, MP4, or a sheet of small pictures for web pages."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evorobo.errors import SettingsError
from evorobo.files import write_atomically

FRAMES_PER_SECOND = 15
"""Pictures shown in a second."""

_LAST = 1.0  # seconds for which a GIF rests on its last picture
_ACROSS = 10
_CAPTION = 22  # pixels


def write_gif(frames: Sequence[np.ndarray], path: str | Path) -> Path:
    """An endless GIF of `pictures` `(height, width, 3)`, all of one size."""
    from PIL import Image

    first, *others = (Image.fromarray(picture).quantize(128) for picture in frames)
    durations = [1000 // FRAMES_PER_SECOND] * len(others) + [int(1000 * _LAST)]
    content = io.BytesIO()
    first.save(content, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
    write_atomically(path, content.getvalue())
    return Path(path)


def write_mp4(frames: Sequence[np.ndarray], path: str | Path) -> Path:
    """An MP4 (H.264) of `pictures`, made by ffmpeg. Raises `SettingsError` where there is none."""
    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "film.mp4"
        command = [
            _ffmpeg(), "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
            "-r", str(FRAMES_PER_SECOND), "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white",
            "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(made),
        ]  # fmt: skip
        raw = b"".join(np.ascontiguousarray(picture).tobytes() for picture in frames)
        ended = subprocess.run(command, input=raw, capture_output=True, check=False)
        if ended.returncode:
            raise SettingsError(f"ffmpeg made no film ({ended.stderr.decode().strip()}); --gif needs no ffmpeg.")
        write_atomically(path, made.read_bytes())
    return Path(path)


def sprite_sheet(frames: Sequence[np.ndarray]) -> tuple[bytes, int]:
    """All pictures in rows on one, as the content of a WebP file, and how many are in a row.

    Drawings are kept to the dot, what looks like a photograph is not: whichever is smaller.
    """
    from PIL import Image

    height, width = frames[0].shape[:2]
    across = min(_ACROSS, len(frames))
    down = -(-len(frames) // across)
    whole = np.full((down * height, across * width, 3), 255, np.uint8)
    for number, picture in enumerate(frames):
        top, left = number // across * height, number % across * width
        whole[top : top + height, left : left + width] = picture
    image = Image.fromarray(whole)
    exact, close = io.BytesIO(), io.BytesIO()
    image.save(exact, "WEBP", lossless=True)
    image.save(close, "WEBP", quality=70)
    return min(exact.getvalue(), close.getvalue(), key=len), across


def add_caption(picture: np.ndarray, text: str) -> np.ndarray:
    """The picture with a line of text under it."""
    from PIL import Image, ImageDraw

    height, width = picture.shape[:2]
    image = Image.new("RGB", (width, height + _CAPTION), "white")
    image.paste(Image.fromarray(picture))
    ImageDraw.Draw(image).text((6, height + 4), text, fill="#222222", font_size=12)
    return np.asarray(image)


def _ffmpeg() -> str:
    if there := shutil.which("ffmpeg"):
        return there
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError as error:
        raise SettingsError(
            "an MP4 needs ffmpeg, which is not here: pip install 'evorobo[replay]', or take --gif."
        ) from error
    return str(get_ffmpeg_exe())
