"""A mail server by aiosmtpd that the tests start as a process of its own.

    mail_server.py FOLDER PORT [--tls starttls|implicit --cert FILE --key FILE] [--user NAME --password WORD]
    mail_server.py FOLDER PORT --postboxes

With --postboxes it takes everything of everybody, and puts what a user hands over into the folder of his name in FOLDER,
if there is one: a file a mail. Without, it is one test's own, and misbehaves as told:

What it sees goes to FOLDER/journal, one JSON object a line. While FOLDER/silent is there, it takes connections and says
nothing; while FOLDER/held is there, it has a mail but does not say so. Recipients that begin with these words are
treated accordingly:

    refused  550, always
    grey     451 at first, then taken
    cut      the connection ends in the middle of the content at first, then taken
    lost     taken, but at first the connection ends before that is said
    stuck    the content is read and nothing said, always
"""

import argparse
import asyncio
import email
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = argparse.ArgumentParser()
options.add_argument("folder")
options.add_argument("port", type=int)
options.add_argument("--tls", choices=["starttls", "implicit"])
options.add_argument("--cert")
options.add_argument("--key")
options.add_argument("--user")
options.add_argument("--password")
options.add_argument("--postboxes", action="store_true")
options = options.parse_args()

journal = open(os.path.join(options.folder, "journal"), "a", buffering=1)
met = set()


def note(event, **details):
    journal.write(json.dumps({"event": event, **details}) + "\n")


def told(name):
    return os.path.exists(os.path.join(options.folder, name))


def is_first(what):
    """Whether this comes up for the first time."""
    return what not in met and not met.add(what)


class Server(SMTP):
    def is_encrypted(self):
        return self.transport.get_extra_info("sslcontext") is not None

    def drop(self):
        self.transport.abort()

    async def smtp_MAIL(self, arg):
        note("MAIL", arg=arg, tls=self.is_encrypted())
        await super().smtp_MAIL(arg)

    async def smtp_AUTH(self, arg):
        note("AUTH", tls=self.is_encrypted())
        await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg):
        recipient = (self.envelope.rcpt_tos or [""])[0]
        if recipient.startswith("cut") and is_first(recipient):
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            note("cut", to=recipient)
            return self.drop()
        await super().smtp_DATA(arg)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("refused"):
            return f"550 5.1.1 <{address}>: no such user"
        if address.startswith("grey") and is_first(address):
            return f"451 4.7.1 <{address}>: try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith("stuck"):
            note("stuck", to=recipient)
            await asyncio.sleep(3600)
        message = email.message_from_bytes(envelope.content)
        user = session.auth_data.login.decode() if session.auth_data else None
        note(
            "mail",
            to=recipient,
            sender=envelope.mail_from,
            message_id=message["Message-ID"],
            tls=server.is_encrypted(),
            user=user,
            content=envelope.content.decode(),
        )
        while told("held"):
            await asyncio.sleep(0.005)
        if recipient.startswith("lost") and is_first(recipient):
            server.drop()
        return "250 taken"


class Postboxes:
    """Names sort as the mails came."""

    taken = 0

    async def handle_DATA(self, server, session, envelope):
        Postboxes.taken += 1
        postbox = os.path.join(options.folder, session.auth_data.login.decode())
        if os.path.isdir(postbox):
            mail = os.path.join(postbox, f"{Postboxes.taken:012}")
            with open(mail + ".part", "wb") as file:
                file.write(envelope.content)
            os.rename(mail + ".part", mail + ".eml")
        return "250 taken"


class Silent(asyncio.Protocol):
    """Never says a word."""


def welcome(server, session, envelope, mechanism, data):
    return AuthResult(success=True, auth_data=data)


def authenticate(server, session, envelope, mechanism, data):
    is_right = (data.login, data.password) == (options.user.encode(), options.password.encode())
    # Not handled: the server answers 535 by itself.
    return AuthResult(success=is_right, handled=False, auth_data=data)


def protocol(context):
    if options.postboxes:
        login = {"authenticator": welcome, "auth_required": True, "auth_require_tls": False}
        return SMTP(Postboxes(), hostname="mail.example.org", **login)
    note("connection")
    if told("silent"):
        return Silent()
    settings = {}
    if options.tls == "starttls":
        settings.update(tls_context=context, require_starttls=True)
    if options.user:
        settings.update(authenticator=authenticate, auth_required=True, auth_require_tls=options.tls == "starttls")
    return Server(Handler(), hostname="mail.example.org", **settings)


async def serve():
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    loop = asyncio.get_running_loop()
    implicit = context if options.tls == "implicit" else None
    server = await loop.create_server(lambda: protocol(context), "127.0.0.1", options.port, ssl=implicit, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it holds the other end: it does not outlive that.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(serve())
