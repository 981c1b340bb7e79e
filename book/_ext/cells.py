"""Code cells that can be linked to by their ids: ``06-2-checkpoints.ipynb#claim-size``.

An id that a heading of the page has already stays the heading's.
"""

import json

from docutils import nodes


def name_cells(app, doctree):
    docname = app.env.docname
    path = app.env.doc2path(docname)
    if not str(path).endswith(".ipynb"):
        return
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    anchors = app.env.metadata[docname].setdefault("myst_slugs", {})
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") != "cell_code":
            continue
        name = cells[node["cell_index"]]["id"]
        if name not in doctree.ids and name not in anchors:
            node["ids"].append(name)
            anchors[name] = (node.line, name, f"cell {name}")


def setup(app):
    app.connect("doctree-read", name_cells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
