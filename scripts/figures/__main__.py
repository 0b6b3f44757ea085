"""Lists the figures of the pages, and makes them again."""

from __future__ import annotations

import argparse
import datetime
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.figures.record import FOLDER, Made, changed, files_of, read_record, write_record
from scripts.figures.registry import FIGURES, Figure

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", nargs="*", metavar="NAME", help="by default those that are stale")
    parser.add_argument("--data", type=Path, help="holds london/ and canada/")
    parser.add_argument("--packages", type=Path, help="where npm installed face-api")
    parser.add_argument("--scratch", type=Path, help="keeps what a long run goes on from")
    options = parser.parse_args()
    if options.make is None:
        print(listed(ROOT))
        return
    unknown = [name for name in options.make if name not in FIGURES]
    if unknown:
        raise SystemExit(f"There is no figure {unknown[0]!r}; there are {', '.join(FIGURES)}.")
    record = read_record(ROOT)
    stale = [name for name in FIGURES if changed(FIGURES[name], record.get(name), ROOT) != []]
    given = {"data": options.data, "packages": options.packages}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: str(path) for name, path in given.items() if path is not None}
        folders["scratch"] = str(options.scratch or scratch)
        for name in options.make or stale:
            _make(name, FIGURES[name], folders)


def listed(root: Path) -> str:
    """A line of text for each figure: fresh, stale with what changed, or never recorded."""
    record = read_record(root)
    lines = []
    for name, figure in FIGURES.items():
        since = changed(figure, record.get(name), root)
        if since is None:
            state = "not recorded"
        elif since:
            more = f" and {len(since) - 1} more" if len(since) > 1 else ""
            state = f"stale since {record[name].commit}: {since[0]}{more}"
        else:
            state = f"fresh, made {record[name].date} at {record[name].commit}"
        lines.append(f"{name:20} {figure.page:20} {figure.minutes:4} min  {state}")
    return "\n".join(lines)


def _make(name: str, figure: Figure, folders: Mapping[str, str]) -> None:
    try:
        arguments = figure.arguments(folders)
    except KeyError as error:
        print(f"{name}: left out, it needs --{error.args[0]}")
        return
    print(f"{name}: some {figure.minutes} minutes", flush=True)
    before = files_of(figure, ROOT)
    done = subprocess.run(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: the command ended with {done.returncode}; nothing is recorded")
    if files_of(figure, ROOT) != before:
        raise SystemExit(f"{name}: what it depends on changed while it was made; make it again")
    if not figure.pictures:
        (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
        (ROOT / FOLDER / f"{name}.md").write_text(_table(figure, folders, done.stdout))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    write_record(ROOT, {**read_record(ROOT), name: Made(today, _commit(), before)})


def _table(figure: Figure, folders: Mapping[str, str], printed: str) -> str:
    """What the command printed, under the command, without the folders of this machine."""
    told = " ".join(("python", *figure.command))
    for folder, path in folders.items():
        printed = printed.replace(path, folder.upper())
        told = told.replace("{" + folder + "}", folder.upper())
    return f"`{told}`\n\n{printed.strip()}\n"


def _commit() -> str:
    def git(*arguments: str) -> str:
        run: Sequence[str] = ("git", *arguments)
        return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    dirty = "+" if git("status", "--porcelain", "--untracked-files=no").strip() else ""
    return git("rev-parse", "--short", "HEAD").strip() + dirty


if __name__ == "__main__":
    main()
