"""Many viewers at once, and where the server's memory goes: `make load`. Nothing here passes or fails by time.

A viewer is a websocket to a server of its own, on this machine, that does what a browser would: it opens test digits on
the Draw page, and looks at each for two seconds. What is measured is the time from asking until the script has
finished, for one viewer alone and for many; then, in a fresh server, the memory that is resident after some pages.
"""

import asyncio
import contextlib
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from subprocess import Popen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from pages.frame.navigation import PAGES
from tests.conftest import start_server

VIEWERS = (1, 25, 50)
SECONDS, LOOK, PATIENCE = 30, 2.0, 60.0  # of a measurement, at each digit, and until a viewer gives up
DIGITS = itertools.count()
IDLE = 0.1  # of a core: a server that takes less has nothing more to load


@contextlib.contextmanager
def served() -> Iterator[tuple[Popen[bytes], str]]:
    """A server nobody has visited yet, and where its websocket is."""
    server, address = start_server()
    try:
        yield server, address.replace("http", "ws") + "/_stcore/stream"
    finally:
        server.terminate()
        server.wait()


@contextlib.asynccontextmanager
async def viewer(address: str) -> AsyncIterator[ClientConnection]:
    """A session of its own."""
    async with connect(address, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE) as socket:
        yield socket


async def visit(socket: ClientConnection, page: str, query: str = "") -> bool:
    """Open a page and read all of it; whether it came without an exception."""
    ask = BackMsg()
    ask.rerun_script.page_name, ask.rerun_script.query_string = page, query
    await socket.send(ask.SerializeToString())
    fine = True
    async with asyncio.timeout(PATIENCE):
        while True:
            message = ForwardMsg.FromString(await socket.recv())
            fine &= message.delta.new_element.WhichOneof("type") != "exception"
            if message.WhichOneof("type") == "script_finished" and message.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):  # fmt: skip
                return fine and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY


async def look_at_digits(address: str, begin: float, end: float) -> tuple[list[float], int]:
    """One viewer's times until a digit stood there, in seconds, and how many never came or came broken."""
    times: list[float] = []
    errors = 0
    await asyncio.sleep(begin - time.monotonic())
    try:
        async with viewer(address) as socket:
            errors += not await visit(socket, "", f"digit={next(DIGITS)}")  # a new session's first run is not counted
            while (asked := time.monotonic() + LOOK) < end:
                await asyncio.sleep(LOOK)
                errors += not await visit(socket, "", f"digit={next(DIGITS)}")
                times.append(time.monotonic() - asked)
    except (OSError, TimeoutError, WebSocketException):
        errors += 1
    return times, errors


async def look_together(address: str, count: int) -> str:
    """A line of the table: so many viewers, who come one after the other during the first moments."""
    begin = time.monotonic()
    arrivals = [begin + place * LOOK / count for place in range(count)]
    found = await asyncio.gather(*(look_at_digits(address, arrival, begin + SECONDS) for arrival in arrivals))
    seconds = time.monotonic() - begin
    times = sorted(itertools.chain.from_iterable(times for times, _ in found))
    p95 = statistics.quantiles(times, n=20)[-1]
    errors = sum(errors for _, errors in found)
    return f"| {count} | {len(times) / seconds:.1f} | {statistics.median(times):.2f} | {p95:.2f} | {errors} |"


async def settled(server: Popen[bytes]) -> None:
    """Until the server has loaded what it loads in the background."""
    spent = [processor_seconds(server)]
    while len(spent) < 4 or spent[-1] - spent[-4] > 3 * IDLE:
        await asyncio.sleep(1)
        spent.append(processor_seconds(server))


def processor_seconds(server: Popen[bytes]) -> float:
    """What the server has computed so far, on all cores."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100  # clock ticks


def resident(server: Popen[bytes]) -> int:
    """Megabytes of memory that the server holds."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


async def remembered(server: Popen[bytes], address: str) -> Sequence[str]:
    """The lines of the table of memory: Draw, a photo, and then every page."""
    visits = [("Draw with a digit", [("", "digit=7")]), ("a photo", [("photo", "photo=cat")]),
              ("all pages", [(page, "digit=7") for page in PAGES])]  # fmt: skip
    lines = []
    async with viewer(address) as socket:
        for name, pages in visits:
            for page, query in pages:
                await visit(socket, page, query)
            await settled(server)
            lines.append(f"| {name} | {resident(server)} |")
    return lines


async def main() -> None:
    """Print both tables as markdown."""
    print("| viewers | reruns/s | p50, s | p95, s | errors |", "|---|---|---|---|---|", sep="\n", flush=True)
    with served() as (server, address):
        async with viewer(address) as socket:
            await visit(socket, "", "digit=7")
            await settled(server)
        for count in VIEWERS:
            print(await look_together(address, count), flush=True)
    print("\n| after | resident, MB |", "|---|---|", sep="\n", flush=True)
    with served() as (server, address):
        print(*await remembered(server, address), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
