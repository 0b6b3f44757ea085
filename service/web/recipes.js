// The expression in other words: JSON, a command, a program.

import { keyGiven } from "./service.js";
import { write } from "./target.js";

const spaced = (value) => JSON.stringify(value, null, 1).replaceAll(/\s*\n\s*/g, " ");

export const RECIPES = {
  json: (_sitter, sides) => spaced(write(sides)),

  curl(sitter, sides) {
    const key = keyGiven() ? `  -H "Authorization: Bearer $FACSIMILE_API_KEY" \\\n` : "";
    return (
      `curl -so drawing.png ${location.origin}${sitter.path} \\\n${key}` +
      `  -H 'Content-Type: application/json' -d '${spaced(sitter.whole(sides))}'`
    );
  },

  python(sitter, sides) {
    const key = keyGiven() ? `, os.environ["FACSIMILE_API_KEY"]` : "";
    return (
      `${keyGiven() ? "import os\n" : ""}from pathlib import Path\n` +
      `${sitter.image ? "from uuid import UUID\n" : ""}` +
      `from service.client import Client\n\n` +
      `with Client("${location.origin}"${key}) as client:\n` +
      `    drawing = ${sitter.code(sides)}\n` +
      `Path("drawing.png").write_bytes(drawing)\n`
    );
  },
};
