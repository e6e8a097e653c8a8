"""Write a sequence of frames to one file: a GIF, an MP4, or a sprite sheet for web pages."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evorobo.errors import SettingsError
from evorobo.files import as_path, write_atomically

FRAMES_PER_SECOND = 15
"""Frames shown per second."""

_LAST = 1.0  # seconds for which a GIF shows its last frame
_COLUMNS = 10  # of a sprite sheet
_CAPTION = 22  # pixels


def gif_bytes(frames: Sequence[np.ndarray]) -> bytes:
    """The content of a looping GIF of `frames`, arrays of one shape `(height, width, 3)`."""
    from PIL import Image

    first, *others = (Image.fromarray(frame).quantize(128) for frame in frames)
    durations = [1000 // FRAMES_PER_SECOND] * len(others) + [int(1000 * _LAST)]
    content = io.BytesIO()
    first.save(content, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
    return content.getvalue()


def write_mp4(frames: Sequence[np.ndarray], path: str | Path) -> Path:
    """Write an MP4 (H.264) of `frames` by ffmpeg; returns the path. Raises `SettingsError` where ffmpeg is missing."""
    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        command = [
            _ffmpeg(), "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
            "-r", str(FRAMES_PER_SECOND), "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white",
            "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(video),
        ]  # fmt: skip
        raw = b"".join(np.ascontiguousarray(frame).tobytes() for frame in frames)
        process = subprocess.run(command, input=raw, capture_output=True, check=False)
        if process.returncode:
            raise SettingsError(f"ffmpeg wrote no video ({process.stderr.decode().strip()}); --gif needs no ffmpeg.")
        write_atomically(path, video.read_bytes())
    return as_path(path)


def sprite_sheet(frames: Sequence[np.ndarray]) -> tuple[bytes, int]:
    """All frames in rows on one image, as the content of a WebP file, and the number of columns.

    The compression is lossless or lossy, whichever file is smaller: lossless for drawings, lossy for photographs.
    """
    from PIL import Image

    height, width = frames[0].shape[:2]
    columns = min(_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for number, frame in enumerate(frames):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = frame
    image = Image.fromarray(sheet)
    lossless, lossy = io.BytesIO(), io.BytesIO()
    image.save(lossless, "WEBP", lossless=True)
    image.save(lossy, "WEBP", quality=70)
    return min(lossless.getvalue(), lossy.getvalue(), key=len), columns


def add_caption(frame: np.ndarray, text: str) -> np.ndarray:
    """The frame with a line of text below it."""
    from PIL import Image, ImageDraw

    height, width = frame.shape[:2]
    image = Image.new("RGB", (width, height + _CAPTION), "white")
    image.paste(Image.fromarray(frame))
    ImageDraw.Draw(image).text((6, height + 4), text, fill="#222222", font_size=12)
    return np.asarray(image)


def _ffmpeg() -> str:
    if path := shutil.which("ffmpeg"):
        return path
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError as error:
        raise SettingsError(
            "an MP4 needs ffmpeg, which is not installed: pip install 'evorobo[replay]', or use --gif."
        ) from error
    return str(get_ffmpeg_exe())
