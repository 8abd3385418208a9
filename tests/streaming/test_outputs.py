from contextlib import asynccontextmanager

import streaming.outputs
from streaming.feed import Ending, Feed, FeedEnded
from streaming.outputs import Outputs


class Reader:
    """An output that keeps what it reads; it fails the first `failures` times."""

    def __init__(self, *, public=True, failures=0):
        self.public, self.failures = public, failures
        self.runs, self.read, self.endings = 0, [], []
        self.state = "waiting"
        self.closed = False

    async def run(self, feed: Feed):
        self.runs += 1
        if self.runs <= self.failures:
            raise OSError("no disk")
        try:
            while True:
                self.read.append(await feed.next())
        except FeedEnded as ended:
            self.endings.append(ended.ending)

    async def close(self):
        self.closed = True


@asynccontextmanager
async def carried(*readers):
    feeds = []

    def open_feed(name):
        feeds.append(Feed(name))
        return feeds[-1]

    outputs = Outputs("kitchen", readers, open_feed, lambda feed: (feed.end(Ending.CLOSED), feeds.remove(feed)))
    yield outputs, feeds
    await outputs.close()


async def test_outputs_run_only_between_start_and_stop(shot, until):
    reader = Reader()
    async with carried(reader) as (outputs, feeds):
        assert feeds == []
        outputs.start()
        await until(lambda: reader.runs == 1)
        for frame in shot:
            feeds[0].put(frame)
        await outputs.stop(Ending.ENDED)
        assert len(reader.read) == len(shot)
        assert (reader.endings, feeds) == ([Ending.ENDED], [])
        outputs.start()
        await until(lambda: reader.runs == 2)
    assert reader.closed


async def test_a_cut_drops_what_waits_for_the_public_only(shot, until):
    public, record = Reader(), Reader(public=False)
    async with carried(public, record) as (outputs, feeds):
        outputs.start()
        await until(lambda: public.runs == record.runs == 1)
        for feed in feeds:
            feed.put(shot[0])
        await outputs.cut()
        assert (public.read, public.endings) == ([], [Ending.CUT])
        await until(lambda: record.read)
        assert record.endings == []
        outputs.restore()
        await until(lambda: public.runs == 2)


async def test_a_failing_output_is_tried_again_and_nobody_else_notices(until, monkeypatch, caplog):
    monkeypatch.setattr(streaming.outputs, "RETRY_SECONDS", 0.01)
    failing, steady = Reader(failures=2), Reader()
    async with carried(failing, steady) as (outputs, _):
        outputs.start()
        await until(lambda: failing.runs == 3)
        assert steady.runs == 1
    assert caplog.text.count("Reader failed, trying again") == 2


async def test_one_that_does_not_stop_holds_the_others_up_only_so_long(until, monkeypatch, caplog):
    monkeypatch.setattr(streaming.outputs, "STOP_SECONDS", 0.05)

    class Stubborn(Reader):
        async def run(self, feed):
            self.runs += 1
            await until(lambda: self.endings, 60)

    stubborn = Stubborn()
    async with carried(stubborn) as (outputs, _):
        outputs.start()
        await until(lambda: stubborn.runs == 1)
    assert "an output did not stop" in caplog.text
