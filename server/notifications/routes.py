"""The door of the inbox; its page is among viewing's."""

from datetime import UTC

from aiohttp import web

from server.citizens.routes import citizen
from server.kit.doors import Doors
from server.kit.forms import form
from server.kit.replies import Answer, Done
from server.notifications.actions import Notifications
from server.people.model import Deed


def add_doors(doors: Doors, notifications: Notifications) -> None:
    """Marks news as read."""

    async def read(request: web.Request) -> Answer:
        sent = await form(request)
        until = sent.moment("until", UTC) if sent.text("until", required=False) else None
        if asker := citizen(request):
            await notifications.read(asker, until)
        return Done("/mine", {"unread": await notifications.unread(citizen(request))}, status=200)

    doors.act("/mine/read", read, deed=Deed.NOMINATE)
