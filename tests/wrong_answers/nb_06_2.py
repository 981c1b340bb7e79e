"""Wrong answers that the checks of notebook 06-2-checkpoints must reject."""

from contextlib import suppress
from pathlib import Path


def straight_to_the_file(path, parts):
    with open(path, "w") as file:
        file.writelines(parts)


def leaves_half_a_file(path, parts):
    partial = Path(f"{path}.partial")
    with partial.open("w") as file:
        file.writelines(parts)
    partial.replace(path)


def removes_the_old_one_first(path, parts):
    Path(path).unlink(missing_ok=True)
    Path(path).write_text("".join(parts))


def swallows_the_error(path, parts):
    with suppress(Exception):
        text = "".join(parts)
        Path(path).write_text(text)


def appends(path, parts):
    text = "".join(parts)
    with open(path, "a") as file:
        file.write(text)


WRONG = {
    "06.2-goes-on-after": {
        "forgets the ends of epochs": lambda d, s, e: d - d % s,
        "forgets save_every": lambda d, s, e: d - d % e,
        "nothing is lost": lambda d, s, e: d,
        "the earlier of the two": lambda d, s, e: d - max(d % s, d % e),
        "counts within the epoch": lambda d, s, e: d - d % e % s,
    },
    "06.2-write-safely": {
        "straight to the file": straight_to_the_file,
        "leaves half a file": leaves_half_a_file,
        "removes the old one first": removes_the_old_one_first,
        "swallows the error": swallows_the_error,
        "appends": appends,
    },
    "06.2-without-prefix": {
        "strips letters": lambda w, p: {n.lstrip(p): v for n, v in w.items()},
        "replaces everywhere": lambda w, p: {n.replace(p, ""): v for n, v in w.items()},
        "cuts the length off": lambda w, p: {n[len(p) :]: v for n, v in w.items()},
        "drops the others": lambda w, p: {
            n[len(p) :]: v for n, v in w.items() if n.startswith(p)
        },
    },
}
