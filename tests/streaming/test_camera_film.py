import subprocess
from itertools import islice, pairwise

import pytest

from streaming.camera_film import film_frames
from streaming.h264 import parameter_sets, picture_size


@pytest.fixture(scope="module", params=["copied", "encoded"])
def film(request, tmp_path_factory):
    """Two seconds of a test picture and a tone: as a phone sends them, or as an editor saves them."""
    path = tmp_path_factory.mktemp("film") / f"{request.param}.mkv"
    codecs = {
        "copied": ["-c:v", "libx264", "-profile:v", "baseline", "-g", "20", "-c:a", "libopus"],
        "encoded": ["-c:v", "libx264", "-bf", "2", "-c:a", "aac"],
    }
    sources = ["-f", "lavfi", "-i", "testsrc=s=160x90:r=10", "-f", "lavfi", "-i", "sine", "-t", "2"]
    subprocess.run(
        ["ffmpeg", "-v", "error", *sources, "-pix_fmt", "yuv420p", *codecs[request.param], str(path)],
        check=True,
    )
    return path


def test_a_film_plays_on_and_on_in_step(film):
    frames = list(islice(film_frames(film), 400))
    for kind in ("video", "audio"):
        times = [frame.time for frame in frames if frame.kind == kind]
        assert all(later > earlier for earlier, later in pairwise(times))
    assert frames[-1].seconds > 4
    assert all(later.seconds - earlier.seconds > -0.1 for earlier, later in pairwise(frames))


def test_a_film_begins_with_a_keyframe_that_tells_its_size(film):
    first = next(frame for frame in film_frames(film) if frame.kind == "video")
    assert first.keyframe
    assert picture_size(parameter_sets(first.nals)[0]) == (160, 90)
