"""Know the repository the book is built from, or do without.

Where it is known, pages offer *Open in Colab* and a link to the repository; where it
is not, they offer neither, and nothing has to be configured. ``$GITHUB_REPOSITORY``
(set by GitHub's own runners) counts first, then the git remote ``origin`` if it lies
on github.com. Jupyter Book's own buttons stay off: without a URL of the book's own
they would send readers to Jupyter Book's repository.
"""

import os
import re
import subprocess

#: The branch that holds the published site, and with it the Colab editions.
PUBLISHED_BRANCH = "gh-pages"

ON_GITHUB = re.compile(
    r"(?:https?://(?:[^/@]*@)?|(?:ssh://)?git@)github\.com[/:]"
    r"([\w.-]+/[\w.-]+?)(?:\.git)?/*"
)


def origin(folder):
    """The URL of the git remote ``origin``, or ``""``."""
    command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def find_repository(folder, environment=os.environ):
    """``"owner/name"`` of the book's repository on GitHub, or ``None``."""
    name = environment.get("GITHUB_REPOSITORY", "")
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return name
    match = ON_GITHUB.fullmatch(origin(folder))
    return match[1] if match else None


def repository_url(repository):
    return f"https://github.com/{repository}"


def site_url(repository):
    """Where GitHub Pages serves that repository's site."""
    owner, name = repository.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def colab_url(repository, slug):
    """Where Colab opens the published edition of the notebook ``slug``."""
    return (
        f"https://colab.research.google.com/github/{repository}"
        f"/blob/{PUBLISHED_BRANCH}/colab/{slug}.ipynb"
    )


def start(app):
    app.book_repository = find_repository(app.srcdir)


def add_links(app, pagename, templatename, context, doctree):
    repository = app.book_repository
    context["repository_url"] = repository_url(repository) if repository else None
    context["colab_url"] = None
    if repository and pagename.startswith("notebooks/"):
        context["colab_url"] = colab_url(repository, pagename.split("/", 1)[1])


def setup(app):
    app.connect("builder-inited", start)
    app.connect("html-page-context", add_links)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
