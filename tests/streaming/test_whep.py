import asyncio
import time

import pytest
from playwright.async_api import async_playwright

from streaming.h264 import is_keyframe, split_nals
from streaming.hls_store import HlsStore
from streaming.whep_client import WatchingRefused, WhepClient

# A real Chromium publishes by WHIP, watches by WHEP, and plays the HLS through Media Source.
CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
NEGOTIATE = """
async function negotiate(pc, url, token) {
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise(done => {
    if (pc.iceGatheringState === 'complete') done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
  });
  const reply = await fetch(url, {method: 'POST', body: pc.localDescription.sdp,
    headers: {'Content-Type': 'application/sdp', Authorization: `Bearer ${token}`}});
  if (reply.status !== 201) throw new Error(await reply.text());
  await pc.setRemoteDescription({type: 'answer', sdp: await reply.text()});
  return reply.headers.get('Location');
}
"""
PUBLISH = f"""async url => {{ {NEGOTIATE}
  const media = await navigator.mediaDevices.getUserMedia({{video: {{width: 640, height: 360}}, audio: true}});
  window.pc = new RTCPeerConnection();
  for (const track of media.getTracks()) pc.addTransceiver(track, {{direction: 'sendonly', streams: [media]}});
  return negotiate(pc, url, 'anna');
}}"""
WATCH = f"""async url => {{ {NEGOTIATE}
  window.viewer = new RTCPeerConnection();
  viewer.addTransceiver('video', {{direction: 'recvonly'}});
  viewer.addTransceiver('audio', {{direction: 'recvonly'}});
  window.video = document.createElement('video');
  video.autoplay = video.muted = true;
  video.srcObject = new MediaStream();
  viewer.ontrack = event => video.srcObject.addTrack(event.track);
  document.body.append(video);
  return negotiate(viewer, url, 'dora');
}}"""
SEEN = """async () => {
  const seen = {};
  for (const stats of (await viewer.getStats()).values())
    if (stats.type === 'inbound-rtp') seen[stats.kind] = stats.framesDecoded ?? stats.totalSamplesReceived;
  return {...seen, width: video.videoWidth, time: video.currentTime};
}"""
PLAY_HLS = """async ([base, type, files]) => {
  const source = new MediaSource();
  const video = document.createElement('video');
  video.src = URL.createObjectURL(source);
  await new Promise(done => source.onsourceopen = done);
  const buffer = source.addSourceBuffer(type);
  for (const file of files) {
    buffer.appendBuffer(await (await fetch(base + file)).arrayBuffer());
    await new Promise((done, fail) => { buffer.onupdateend = done; buffer.onerror = fail; });
  }
  return [...Array(buffer.buffered.length).keys()].map(i => [buffer.buffered.start(i), buffer.buffered.end(i)]);
}"""


def pictures(frames):
    return [(at, data) for kind, at, data in frames if kind == "video"]


async def test_a_monitor_sees_picture_and_sound_from_a_keyframe_on(room, until):
    async with room.camera("kitchen"):
        await until(lambda: room.kinds() == ["started"])
        async with room.watched("kitchen") as frames:
            await until(lambda: len(pictures(frames)) >= 10 and any(kind == "audio" for kind, *_ in frames))
            assert is_keyframe(split_nals(pictures(frames)[0][1]))
            assert room.whep.count("kitchen") == 1
        await until(lambda: room.whep.count("kitchen") == 0)


async def test_a_monitor_survives_a_change_of_publisher(room, until):
    async with room.camera("kitchen", "anna"):
        await until(lambda: room.kinds() == ["started"])
        async with room.watched("kitchen") as frames:
            await until(lambda: len(pictures(frames)) >= 5)
            async with room.camera("kitchen", "anna"):
                await until(lambda: room.channels.get("kitchen").publication.run >= 2)
                seen = len(pictures(frames))
                await until(lambda: len(pictures(frames)) >= seen + 10)
            stamps = [at for at, _ in pictures(frames)]
            assert stamps == sorted(stamps)
            assert stamps[-1] - stamps[0] < 90_000 * 30  # continuous: no jump to another clock
            assert "interrupted" not in room.kinds()[:1]


async def test_who_may_not_monitor_is_refused(room):
    with pytest.raises(WatchingRefused, match="403"):
        await WhepClient(f"{room.base}/whep/kitchen", print, headers={"Authorization": "Bearer stranger"}).__aenter__()
    with pytest.raises(WatchingRefused, match=r"404.*unknown_channel"):
        await WhepClient(f"{room.base}/whep/kitchen", print).__aenter__()


async def test_a_full_house_is_said_so(room):
    room.channels.open("kitchen")
    room.whep._max_monitors = 0
    with pytest.raises(WatchingRefused, match=r"503.*full"):
        await WhepClient(f"{room.base}/whep/kitchen", print).__aenter__()


@pytest.fixture
async def page(room):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = await browser.new_page()
        # Any page of this origin will do: loopback is a secure context, so the camera may be used.
        await page.goto(f"{room.base}/hls/none/index.m3u8")
        yield page
        await browser.close()


@pytest.mark.journey
async def test_a_browser_publishes_and_another_page_watches(room, page, until):
    resource = await page.evaluate(PUBLISH, f"{room.base}/whip/kitchen")
    await until(lambda: room.kinds() == ["started"], 20)
    await page.evaluate(WATCH, f"{room.base}/whep/kitchen")
    seen = await page.evaluate(SEEN)
    deadline = time.monotonic() + 20
    while seen.get("video", 0) < 20 or seen.get("audio", 0) < 9600 or not seen["width"]:
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.1)
        seen = await page.evaluate(SEEN)

    store: HlsStore = room.hls.store("kitchen")
    await until(lambda: len(store.listed()) >= 3, 20)
    run = [segment for segment in store.listed() if segment.init == store.listed()[-1].init]
    init = store.inits[run[0].init]
    files = [init.file, *(segment.file for segment in run)]
    mime = f'video/mp4; codecs="{init.codecs}"'
    buffered = await page.evaluate(PLAY_HLS, [f"{room.base}/hls/kitchen/", mime, files])
    assert len(buffered) == 1  # picture and sound without a hole
    length = buffered[0][1] - buffered[0][0]
    assert length == pytest.approx(sum(segment.duration for segment in run), abs=0.4)

    await page.evaluate(
        "async url => (await fetch(url, {method: 'DELETE', headers: {Authorization: 'Bearer anna'}})).status",
        room.base + resource,
    )
    await until(lambda: room.kinds() == ["started", "interrupted"])
    assert room.events[-1].reason == "left"
