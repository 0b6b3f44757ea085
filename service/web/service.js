// The HTTP API as the studio uses it. The key, where one is required, is asked for once.

const KEY = "facsimile-key";

/** What the service said instead of an answer; the message is a sentence for people. */
export class Refusal extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let asking = null;

/** Asks for the key; resolves when one has been given. Several callers wait for the same answer. */
function askForKey(wrong) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("key-dialog");
    const field = document.getElementById("key");
    document.getElementById("key-wrong").hidden = !wrong;
    field.value = "";
    dialog.addEventListener(
      "close",
      () => {
        if (field.value) sessionStorage.setItem(KEY, field.value.trim());
        field.value = "";
        asking = null;
        resolve(dialog.returnValue === "use");
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asking;
}

async function refusal(response) {
  try {
    const problem = await response.json();
    return new Refusal(problem.detail, response.status, problem.type.split("/").pop());
  } catch {
    return new Refusal(`The service answered ${response.status}.`, response.status, "");
  }
}

/** One request; throws `Refusal`, or what `fetch` throws when it is aborted. */
async function send(path, options = {}) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal("The service does not answer. Is it still running?", 0, "unreachable");
    }
    if (response.ok) return response;
    if (response.status !== 401) throw await refusal(response);
    // Somebody else may have been asked while this request was on its way.
    if (key === sessionStorage.getItem(KEY) && !(await askForKey(key !== null))) {
      throw await refusal(response);
    }
  }
}

const asJson = (value) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

export const keyGiven = () => sessionStorage.getItem(KEY) !== null;

export const vocabulary = async () => (await send("/studio/vocabulary")).json();
export const presets = async () => (await send("/studio/presets.json")).json();
export const characters = async () => (await (await send("/v1/characters")).json()).items;

export async function upload(file, name) {
  const form = new FormData();
  form.append("file", file, name);
  return (await send("/v1/images", { method: "POST", body: form })).json();
}

/** A picture, and what its photo was found to show. */
export async function preview(id, asked, signal) {
  const response = await send(`/v1/images/${id}/preview`, { ...asJson(asked), signal });
  const found = JSON.parse(response.headers.get("Facsimile-Found") ?? "{}");
  return { blob: await response.blob(), found };
}

export async function render(name, asked, signal) {
  const response = await send(`/v1/characters/${name}/render`, { ...asJson(asked), signal });
  return { blob: await response.blob(), found: {} };
}
